(function_item name: (_) @name body: (_) @body) @unit.function
(struct_item name: (_) @name body: (field_declaration_list) @body) @unit.class
(union_item name: (_) @name body: (_) @body) @unit.class
(enum_item name: (_) @name body: (_) @body) @unit.class
(trait_item name: (_) @name body: (_) @body) @unit.class
(impl_item type: (_) @name body: (_) @body) @unit.class
(mod_item name: (_) @name body: (_) @body) @unit.class

[
  (block)
  (declaration_list)
  (field_declaration_list)
  (enum_variant_list)
  (match_block)
] @block

[
  (associated_type)
  (attribute_item)
  (const_item)
  (empty_statement)
  (enum_item)
  (enum_variant)
  (expression_statement)
  (extern_crate_declaration)
  (field_declaration)
  (foreign_mod_item)
  (function_item)
  (function_signature_item)
  (impl_item)
  (inner_attribute_item)
  (let_declaration)
  (macro_definition)
  (match_arm)
  (mod_item)
  (static_item)
  (struct_item)
  (trait_item)
  (type_item)
  (union_item)
  (use_declaration)
] @statement

[
  (string_literal)
  (raw_string_literal)
  (char_literal)
] @string
(char_literal) @opaque
[
  (line_comment)
  (block_comment)
] @comment

[
  (identifier)
  (field_identifier)
  (type_identifier)
  (shorthand_field_identifier)
] @identifier
