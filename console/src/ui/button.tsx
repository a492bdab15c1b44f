import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import { Tooltip, TooltipTrigger } from "react-aria-components/Tooltip";
import { Icon, type IconName } from "./icon.tsx";

export interface ButtonProps extends Omit<AriaButtonProps, "children" | "className" | "style"> {
  variant?: "primary" | "danger" | "plain" | "link";
  icon?: IconName;
  children: ReactNode;
}

export function Button({ variant = "plain", icon, isPending = false, children, ...props }: ButtonProps) {
  // React Aria's own `isPending` leaves an image without a name behind in its live region. Focus stays here meanwhile.
  const state = isPending ? { type: "button" as const, onPress: () => {} } : {};
  return (
    <AriaButton {...props} {...state} className={`button ${variant} ${isPending ? "pending" : ""}`}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </AriaButton>
  );
}

/** A button of an icon alone. Its label is read aloud, and shown while the pointer or focus is on it. */
export function IconButton({
  icon,
  label,
  ...props
}: Omit<ButtonProps, "children" | "variant"> & { icon: IconName; label: string }) {
  return (
    <TooltipTrigger delay={400}>
      <AriaButton {...props} aria-label={label} className="button icon-button">
        <Icon name={icon} />
      </AriaButton>
      <Tooltip className="tooltip" offset={6}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  );
}
