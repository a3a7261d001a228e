; What files define and import: Scala.

(compilation_unit (function_definition name: (_) @name body: (_) @body) @definition.function)
(template_body [
  (function_definition name: (_) @name body: (_) @body)
  (function_declaration name: (_) @name)
] @definition.method)
[
  (class_definition name: (_) @name body: (_)? @body)
  (trait_definition name: (_) @name body: (_)? @body)
  (object_definition name: (_) @name body: (_)? @body)
  (enum_definition name: (_) @name body: (_)? @body)
] @definition.class
(type_definition name: (_) @name) @definition.type
(simple_enum_case name: (_) @name) @definition.constant
(full_enum_case name: (_) @name) @definition.constant

(compilation_unit [
  (val_definition pattern: (identifier) @name)
  (var_definition pattern: (identifier) @name)
] @definition.variable)
(template_body [
  (val_definition pattern: (identifier) @name)
  (val_declaration name: (identifier) @name)
  (var_definition pattern: (identifier) @name)
  (var_declaration name: (identifier) @name)
] @definition.field)
(class_definition class_parameters: (class_parameters (class_parameter ["val" "var"] . name: (_) @name)
  @definition.field))

; The path is several nodes.
(import_declaration . "import" . path: _+ @path) @import
