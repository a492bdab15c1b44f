export interface FormField {
  /** As sent. */
  readonly name: string;
  readonly value: string;
}

/** The fields of a form that stand before its file, by name in lower case: to S3 names know no case. */
export type FormFields = ReadonlyMap<string, FormField>;
