import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Checkbox as AriaCheckbox, type CheckboxProps } from "react-aria-components/Checkbox";
import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { Select as AriaSelect, SelectValue } from "react-aria-components/Select";
import { Switch as AriaSwitch, type SwitchProps } from "react-aria-components/Switch";
import { Text } from "react-aria-components/Text";
import { TextArea } from "react-aria-components/TextArea";
import { TextField as AriaTextField, type TextFieldProps as AriaTextFieldProps } from "react-aria-components/TextField";
import { Icon } from "./icon.tsx";

interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "style" | "children"> {
  label: string;
  hint?: ReactNode;
  /** Keys and names: one width, no spelling, no capitals by itself. */
  isCode?: boolean;
  /** Lines of a text area. */
  rows?: number;
}

export function TextField({ label, hint, isCode = false, rows, ...props }: TextFieldProps) {
  const code = isCode ? { spellCheck: "false" as const, autoCapitalize: "none", autoCorrect: "off" } : {};
  return (
    <AriaTextField {...props} {...code} className={`field ${isCode ? "is-code" : ""}`}>
      <Label>{label}</Label>
      {rows === undefined ? <Input /> : <TextArea rows={rows} />}
      {hint && (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      )}
      <FieldError className="field-error" />
    </AriaTextField>
  );
}

export function Checkbox({
  children,
  ...props
}: Omit<CheckboxProps, "children" | "className"> & { children?: ReactNode }) {
  return (
    <AriaCheckbox {...props} className="checkbox">
      <span className="box">
        <Icon name="check" />
      </span>
      {children}
    </AriaCheckbox>
  );
}

export function Switch({ children, ...props }: Omit<SwitchProps, "children" | "className"> & { children: ReactNode }) {
  return (
    <AriaSwitch {...props} className="switch">
      <span className="track" />
      {children}
    </AriaSwitch>
  );
}

/** One of a few values. */
export function Select<Value extends string>(props: {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
  hint?: string;
  name?: string;
}) {
  const { label, value, options, onChange, hint, name } = props;
  return (
    <AriaSelect
      {...(name === undefined ? {} : { name })}
      className="field select"
      value={value}
      onChange={(key) => key !== null && onChange(key as Value)}
    >
      <Label>{label}</Label>
      <AriaButton className="button plain">
        <SelectValue />
        <Icon name="chevron" />
      </AriaButton>
      {hint && (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      )}
      <Popover className="popover">
        <ListBox className="list-box">
          {options.map((option) => (
            <ListBoxItem key={option.value} id={option.value} className="list-item">
              {option.label}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
