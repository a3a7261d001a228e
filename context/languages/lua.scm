(function_declaration name: (_) @name body: (_) @body) @unit.function
(assignment_statement
  (variable_list . name: (_) @name .)
  (expression_list . value: (function_definition body: (_) @body) .)) @unit.function

(block) @block

[
  (assignment_statement)
  (break_statement)
  (do_statement)
  (else_statement)
  (elseif_statement)
  (for_statement)
  (function_declaration)
  (goto_statement)
  (if_statement)
  (label_statement)
  (repeat_statement)
  (return_statement)
  (variable_declaration)
  (while_statement)
] @statement
; Calls are statements where they stand for themselves.
(chunk (function_call) @statement)
(block (function_call) @statement)

(string) @string
(comment) @comment
(identifier) @identifier
