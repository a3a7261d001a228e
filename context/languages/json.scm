[
  (array)
  (object)
] @block
(pair) @statement
(array (_) @statement)
(string) @string
(comment) @comment
