; What files define and import: Lua.

(chunk (function_declaration name: (identifier) @name body: (_)? @body) @definition.function)
(chunk (function_declaration name: (dot_index_expression field: (_) @name) body: (_)? @body) @definition.function)
(chunk (function_declaration name: (method_index_expression method: (_) @name) body: (_)? @body) @definition.method)
(chunk (variable_declaration (assignment_statement
  (variable_list . name: (identifier) @name)
  (expression_list . value: (function_definition body: (_)? @body))) @definition.function))
(chunk (assignment_statement
  (variable_list . name: (dot_index_expression field: (_) @name))
  (expression_list . value: (function_definition body: (_)? @body))) @definition.function)

; Any other value: their kinds, since a query can't say "no function".
(chunk (variable_declaration (assignment_statement
  (variable_list . name: (identifier) @name)
  (expression_list . value: [
    (binary_expression)
    (bracket_index_expression)
    (dot_index_expression)
    (false)
    (function_call)
    (identifier)
    (nil)
    (number)
    (parenthesized_expression)
    (string)
    (table_constructor)
    (true)
    (unary_expression)
  ])) @definition.variable))
(chunk (variable_declaration (variable_list name: (identifier) @name)) @definition.variable)
(chunk (assignment_statement
  (variable_list . name: (identifier) @name)
  (expression_list . value: [
    (binary_expression)
    (bracket_index_expression)
    (dot_index_expression)
    (false)
    (function_call)
    (identifier)
    (nil)
    (number)
    (parenthesized_expression)
    (string)
    (table_constructor)
    (true)
    (unary_expression)
  ])) @definition.variable)
(chunk (assignment_statement
  (variable_list . name: (dot_index_expression field: (_) @name))
  (expression_list . value: [
    (binary_expression)
    (bracket_index_expression)
    (dot_index_expression)
    (false)
    (function_call)
    (identifier)
    (nil)
    (number)
    (parenthesized_expression)
    (string)
    (table_constructor)
    (true)
    (unary_expression)
  ])) @definition.field)

(function_call
  name: (identifier) @_require
  arguments: (arguments . (string content: (_) @path))
  (#eq? @_require "require")) @import
