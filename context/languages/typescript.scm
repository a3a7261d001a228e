; What TypeScript's grammars have beyond ecmascript.scm.

(abstract_class_declaration name: (_) @name body: (_) @body) @unit.class
(interface_declaration name: (_) @name body: (_) @body) @unit.class
(enum_declaration name: (_) @name body: (_) @body) @unit.class
(internal_module name: (_) @name body: (_) @body) @unit.class

[
  (enum_body)
  (interface_body)
] @block

[
  (abstract_class_declaration)
  (abstract_method_signature)
  (ambient_declaration)
  (enum_declaration)
  (function_signature)
  (import_alias)
  (interface_declaration)
  (internal_module)
  (method_signature)
  (property_signature)
  (public_field_definition)
  (type_alias_declaration)
] @statement

(template_literal_type) @string
(template_type) @interpolation
(type_identifier) @identifier
