(create_function (object_reference name: (_) @name) (function_body) @body) @unit.function

[
  (block)
  (column_definitions)
  (function_body)
  (while_statement)
] @block

[
  (column_definition)
  (cte)
  (statement)
] @statement
; In the body of a function.
(function_body (statement) @statement)

; Quotes tell texts from numbers, which are the same kind of node.
((literal) @string
  (#match? @string "^[A-Za-z]?'"))
[
  (comment)
  (marginalia)
] @comment

(identifier) @identifier
