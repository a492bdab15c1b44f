/**
 * Reasons for which a query is refused or given up: AWS's codes, and what they say. Source: S3 API reference, "Error responses", "List of
 * SELECT Object Content error codes". All are answered 400, `Busy` 503.
 */
export const SELECT_FAILURES = {
  AmbiguousFieldName: "The field name matches several fields in the file. Check the SQL expression and the file.",
  Busy: "The service is unavailable. Try again later.",
  CastFailed: "An attempt to convert from one data type to another using CAST failed in the SQL expression.",
  ColumnTooLong: "The length of a column in the result is greater than 1 MB.",
  CSVEscapingRecordDelimiter:
    "A quoted record delimiter was found in the file. To allow quoted record delimiters, set AllowQuotedRecordDelimiter to TRUE.",
  CSVUnescapedQuote: "A quoted field of the CSV file does not end, or goes on after its closing quote.",
  EvaluatorInvalidArguments: "There is an incorrect number of arguments in the function call in the SQL expression.",
  EvaluatorInvalidTimestampFormatPattern: "The timestamp format string in the SQL expression is not valid.",
  EvaluatorInvalidTimestampFormatPatternSymbol:
    "The timestamp format pattern contains a symbol in the SQL expression that is not valid.",
  EvaluatorLikePatternInvalidEscapeSequence: "An argument given to the LIKE expression was not valid.",
  EvaluatorNegativeLimit: "LIMIT must not be negative.",
  EvaluatorUnterminatedTimestampFormatPatternToken:
    "The timestamp format pattern contains an unterminated token in the SQL expression.",
  ExpressionTooLong: "The SQL expression is too long. The maximum length of an SQL expression is 256 KB.",
  ExternalEvalException: "The query cannot be evaluated. Check the file and try again.",
  IncorrectSqlFunctionArgumentType:
    "An incorrect argument type was specified in a function call in the SQL expression.",
  IntegerOverflow: "An integer overflow or underflow occurred in the SQL expression.",
  InvalidCast: "An attempt to convert from one data type to another using CAST is not possible in the SQL expression.",
  InvalidColumnIndex: "The column index in the SQL expression is not valid.",
  InvalidCompressionFormat: "The file is not in a supported compression format. Only GZIP and BZIP2 are supported.",
  InvalidDataSource: "The data source type is not valid. Only CSV, JSON, and Parquet are supported.",
  InvalidDataType: "The SQL expression contains a data type that is not valid.",
  InvalidExpressionType: "The ExpressionType value is not valid. Only SQL expressions are supported.",
  InvalidFileHeaderInfo: "The FileHeaderInfo value is not valid. Only NONE, USE, and IGNORE are supported.",
  InvalidJsonType: "The JsonType value is not valid. Only DOCUMENT and LINES are supported.",
  InvalidKeyPath: "The key path in the SQL expression is not valid.",
  InvalidQuoteFields: "The QuoteFields value is not valid. Only ALWAYS and ASNEEDED are supported.",
  InvalidRequestParameter: "The value of a parameter in the SelectRequest element is not valid.",
  InvalidScanRange: "The provided scan range is not valid.",
  InvalidTableAlias: "The SQL expression contains a table alias that is not valid.",
  InvalidTextEncoding: "The encoding type is not valid. Only UTF-8 encoding is supported.",
  JSONParsingError: "An error occurred while parsing the JSON file. Check the file and try again.",
  LexerInvalidChar: "The SQL expression contains a character that is not valid.",
  LexerInvalidIONLiteral: "The SQL expression contains an Ion literal that is not valid.",
  LexerInvalidLiteral: "The SQL expression contains a literal that is not valid.",
  LikeInvalidInputs: "The argument given to the LIKE clause in the SQL expression is not valid.",
  MaxOperatorsExceeded: "The SQL expression is too complex. Reduce the number of its operators or their nesting.",
  MissingHeaderName: "Some headers in the query are missing from the file. Check the file and try again.",
  MissingRequiredParameter: "The SelectRequest entity is missing a required parameter.",
  MultipleDataSourcesUnsupported: "Multiple data sources are not supported.",
  ObjectSerializationConflict:
    "InputSerialization must name one of CSV, JSON and Parquet, and OutputSerialization one of CSV and JSON.",
  OverMaxColumn: "The number of columns is greater than the maximum allowable number of columns.",
  OverMaxParquetBlockSize: "A row group or a page of the Parquet file is larger than what is supported.",
  OverMaxRecordSize: "The length of a record in the input or result is greater than the limit of 1 MB.",
  ParquetParsingError: "An error occurred while parsing the Parquet file. Check the file and try again.",
  ParquetUnsupportedCompressionCodec: "The specified Parquet compression codec is not supported.",
  ParseAsteriskIsNotAloneInSelectList:
    "Other expressions are not allowed in the SELECT list when * is used without dot notation in the SQL expression.",
  ParseCastArity: "The SQL expression CAST has incorrect arity.",
  ParseEmptySelect: "The SQL expression contains an empty SELECT clause.",
  ParseExpectedArgumentDelimiter: "The expected argument delimiter in the SQL expression was not found.",
  ParseExpectedDatePart: "The expected date part in the SQL expression was not found.",
  ParseExpectedExpression: "The expected SQL expression was not found.",
  ParseExpectedIdentForAlias: "The expected identifier for the alias in the SQL expression was not found.",
  ParseExpectedKeyword: "The expected keyword in the SQL expression was not found.",
  ParseExpectedLeftParenAfterCast: "The expected left parenthesis after CAST in the SQL expression was not found.",
  ParseExpectedLeftParenBuiltinFunctionCall: "The expected left parenthesis in the SQL expression was not found.",
  ParseExpectedNumber: "The expected number in the SQL expression was not found.",
  ParseExpectedRightParenBuiltinFunctionCall:
    "The expected right parenthesis character in the SQL expression was not found.",
  ParseExpectedTokenType: "The expected token in the SQL expression was not found.",
  ParseExpectedTypeName: "The expected type name in the SQL expression was not found.",
  ParseExpectedWhenClause: "The expected WHEN clause in the SQL expression was not found.",
  ParseInvalidContextForWildcardInSelectList: "The use of * in the SELECT list in the SQL expression is not valid.",
  ParseInvalidPathComponent: "The SQL expression contains a path component that is not valid.",
  ParseMalformedJoin: "JOIN is not supported in the SQL expression.",
  ParseNonUnaryAgregateFunctionCall: "Only one argument is supported for aggregate functions in the SQL expression.",
  ParseSelectMissingFrom: "The SQL expression contains a missing FROM after the SELECT list.",
  ParseUnExpectedKeyword: "The SQL expression contains an unexpected keyword.",
  ParseUnexpectedToken: "The SQL expression contains an unexpected token.",
  ParseUnsupportedCallWithStar: "Only COUNT with (*) as a parameter is supported in the SQL expression.",
  ParseUnsupportedSelect: "The SQL expression contains an unsupported use of SELECT.",
  ParseUnsupportedSyntax: "The SQL expression contains unsupported syntax.",
  TruncatedInput:
    "Object decompression failed. Check that the object is properly compressed using the format specified in the request.",
  UnsupportedFunction: "We encountered an unsupported SQL function.",
  UnsupportedParquetType: "The specified Parquet type is not supported.",
  UnsupportedScanRangeInput: "Scan range queries are not supported on this type of object.",
  UnsupportedSqlOperation: "We encountered an unsupported SQL operation.",
  UnsupportedSqlStructure: "We encountered an unsupported SQL structure. Check the SQL Reference.",
  ValueParseFailure: "A timestamp parse failure occurred in the SQL expression.",
} as const;

export type SelectCode = keyof typeof SELECT_FAILURES;

/** A query that cannot be run, or cannot go on. The message may quote the query, never the object's data. */
export class SelectFailure extends Error {
  override readonly name = "SelectFailure";
  readonly code: SelectCode;

  constructor(code: SelectCode, detail?: string, options?: { cause: unknown }) {
    super(detail === undefined ? SELECT_FAILURES[code] : `${SELECT_FAILURES[code]} ${detail}`, options);
    this.code = code;
  }
}
