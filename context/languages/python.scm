(function_definition name: (_) @name body: (_) @body) @unit.function
(class_definition name: (_) @name body: (_) @body) @unit.class

(block) @block

[
  (assert_statement)
  (break_statement)
  (class_definition)
  (continue_statement)
  (decorated_definition)
  (delete_statement)
  (exec_statement)
  (expression_statement)
  (for_statement)
  (function_definition)
  (future_import_statement)
  (global_statement)
  (if_statement)
  (import_from_statement)
  (import_statement)
  (match_statement)
  (nonlocal_statement)
  (pass_statement)
  (print_statement)
  (raise_statement)
  (return_statement)
  (try_statement)
  (type_alias_statement)
  (while_statement)
  (with_statement)
  (elif_clause)
  (else_clause)
  (except_clause)
  (finally_clause)
  (case_clause)
] @statement

(string) @string
(interpolation) @interpolation
(comment) @comment
(identifier) @identifier
