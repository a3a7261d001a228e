(function_definition name: (_) @name body: (_) @body) @unit.function

[
  (compound_statement)
  (do_group)
  (else_clause)
  (subshell)
] @block
; Blocks that are no node of their own: from the word on.
(if_statement "then" @block.open) @block
(elif_clause "then" @block.open) @block
(case_statement "in" @block.open) @block

[
  (c_style_for_statement)
  (case_item)
  (case_statement)
  (command)
  (declaration_command)
  (elif_clause)
  (else_clause)
  (for_statement)
  (function_definition)
  (if_statement)
  (list)
  (negated_command)
  (pipeline)
  (redirected_statement)
  (test_command)
  (unset_command)
  (variable_assignment)
  (while_statement)
] @statement

[
  (string)
  (raw_string)
  (ansi_c_string)
  (heredoc_body)
] @string
(string (command_substitution) @interpolation)
(string (expansion) @interpolation)
(heredoc_body (command_substitution) @interpolation)
(comment) @comment
; What looks like brackets, quotes and comments in words and patterns is none.
[
  (regex)
  (extglob_pattern)
  (expansion)
] @opaque

(variable_name) @identifier
