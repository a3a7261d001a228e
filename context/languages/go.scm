(function_declaration name: (_) @name body: (_) @body) @unit.function
(method_declaration name: (_) @name body: (_) @body) @unit.method
(func_literal body: (_) @body) @unit.function
(type_spec name: (_) @name type: (struct_type (_) @body)) @unit.class
(type_spec name: (_) @name type: (interface_type) @body) @unit.class

[
  (block)
  (field_declaration_list)
] @block
; Blocks that are no node of their own: from the brace on.
(interface_type "{" @block.open) @block
(expression_switch_statement "{" @block.open) @block
(type_switch_statement "{" @block.open) @block
(select_statement "{" @block.open) @block

[
  (assignment_statement)
  (break_statement)
  (const_declaration)
  (const_spec)
  (continue_statement)
  (dec_statement)
  (defer_statement)
  (empty_statement)
  (expression_statement)
  (expression_switch_statement)
  (fallthrough_statement)
  (field_declaration)
  (for_statement)
  (function_declaration)
  (go_statement)
  (goto_statement)
  (if_statement)
  (import_declaration)
  (import_spec)
  (inc_statement)
  (labeled_statement)
  (method_declaration)
  (method_elem)
  (package_clause)
  (return_statement)
  (select_statement)
  (send_statement)
  (short_var_declaration)
  (type_declaration)
  (type_switch_statement)
  (var_declaration)
  (var_spec)
  (communication_case)
  (default_case)
  (expression_case)
  (type_case)
] @statement

[
  (interpreted_string_literal)
  (raw_string_literal)
  (rune_literal)
] @string
(comment) @comment

[
  (identifier)
  (field_identifier)
  (type_identifier)
  (package_identifier)
] @identifier
