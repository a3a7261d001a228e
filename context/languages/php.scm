(function_definition name: (_) @name body: (_) @body) @unit.function
(method_declaration name: (_) @name body: (_) @body) @unit.method
(class_declaration name: (_) @name body: (_) @body) @unit.class
(interface_declaration name: (_) @name body: (_) @body) @unit.class
(trait_declaration name: (_) @name body: (_) @body) @unit.class
(enum_declaration name: (_) @name body: (_) @body) @unit.class

[
  (compound_statement)
  (declaration_list)
  (enum_declaration_list)
  (switch_block)
  (match_block)
] @block

[
  (break_statement)
  (case_statement)
  (class_declaration)
  (const_declaration)
  (continue_statement)
  (default_statement)
  (do_statement)
  (echo_statement)
  (enum_case)
  (enum_declaration)
  (expression_statement)
  (for_statement)
  (foreach_statement)
  (function_definition)
  (global_declaration)
  (if_statement)
  (interface_declaration)
  (match_conditional_expression)
  (method_declaration)
  (namespace_definition)
  (namespace_use_declaration)
  (property_declaration)
  (return_statement)
  (switch_statement)
  (trait_declaration)
  (try_statement)
  (unset_statement)
  (use_declaration)
  (while_statement)
] @statement

[
  (string)
  (encapsed_string)
  (heredoc)
  (nowdoc)
] @string
(comment) @comment
(text) @opaque

[
  (name)
  (variable_name)
] @identifier
