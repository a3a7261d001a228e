(function_declaration name: (_) @name body: (_) @body) @unit.function
(assignment_statement
  (variable_list . name: (_) @name .)
  (expression_list . value: (function_definition body: (_) @body) .)) @unit.function

; From the word or the parameters on, to the last word.
(function_declaration (parameters) @block.open) @block
(function_definition (parameters) @block.open) @block
(if_statement "then" @block.open) @block
(elseif_statement "then" @block.open) @block
(else_statement) @block
(for_statement "do" @block.open) @block
(while_statement "do" @block.open) @block
(do_statement) @block
(repeat_statement) @block

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
