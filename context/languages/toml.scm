[
  (table)
  (table_array_element)
] @block

[
  (pair)
  (table)
  (table_array_element)
] @statement

[
  (string)
  (quoted_key)
] @string
(comment) @comment
