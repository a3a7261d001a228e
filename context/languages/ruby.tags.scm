; What files define and import: Ruby.

(class name: (_) @name body: (_)? @body) @definition.class
(module name: (_) @name body: (_)? @body) @definition.module
(program (method name: (_) @name body: (_)? @body) @definition.function)
(body_statement (method name: (_) @name body: (_)? @body) @definition.method)
(singleton_method name: (_) @name body: (_)? @body) @definition.method
(assignment left: (constant) @name) @definition.constant
; The name of a symbol has its colon.
(call
  method: (identifier) @_method
  arguments: (argument_list (simple_symbol) @name)
  (#any-of? @_method "attr_accessor" "attr_reader" "attr_writer")) @definition.field

(call
  method: (identifier) @_method
  arguments: (argument_list . (string (string_content) @path))
  (#any-of? @_method "load" "require" "require_relative")) @import
