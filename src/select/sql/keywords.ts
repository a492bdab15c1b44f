/** Words that cannot be names unless they stand in double quotes: those of AWS's list of reserved keywords that this grammar gives a meaning. */
export const RESERVED: ReadonlySet<string> = new Set([
  ...["ALL", "AND", "AS", "AT", "AVG", "BETWEEN", "BOOL", "BOOLEAN", "BY", "CASE", "CAST", "CHARACTER_LENGTH"],
  ...["CHAR_LENGTH", "COALESCE", "COUNT", "CROSS", "DATE_ADD", "DATE_DIFF", "DECIMAL", "DISTINCT", "ELSE", "END"],
  ...["ESCAPE", "EXCEPT", "EXISTS", "EXTRACT", "FALSE", "FLOAT", "FOR", "FROM", "FULL", "GROUP", "HAVING", "IN"],
  ...["INNER", "INT", "INTEGER", "INTERSECT", "IS", "JOIN", "LEFT", "LIKE", "LIMIT", "LOWER", "MAX", "MIN", "MISSING"],
  ...["NOT", "NULL", "NULLIF", "NUMERIC", "OFFSET", "ON", "OR", "ORDER", "OUTER", "RIGHT", "SELECT", "STRING"],
  ...["SUBSTRING", "SUM", "THEN", "TIMESTAMP", "TO_STRING", "TO_TIMESTAMP", "TRIM", "TRUE", "UNION", "UPPER"],
  ...["USING", "UTCNOW", "WHEN", "WHERE", "WITH"],
]);
