export interface FormField {
  /** As sent. */
  readonly name: string;
  readonly value: string;
}

/** The fields of a form before its file, by name in lower case: S3 ignores the case of names. */
export type FormFields = ReadonlyMap<string, FormField>;
