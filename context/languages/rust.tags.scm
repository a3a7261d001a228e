; What files define and import: Rust.

; At the top of a file or module.
(source_file (function_item name: (_) @name body: (_) @body) @definition.function)
(mod_item (declaration_list (function_item name: (_) @name body: (_) @body) @definition.function))
(impl_item (declaration_list (function_item name: (_) @name body: (_) @body) @definition.method))
(trait_item (declaration_list (function_item name: (_) @name body: (_) @body) @definition.method))
(trait_item (declaration_list (function_signature_item name: (_) @name) @definition.method))
(foreign_mod_item (declaration_list (function_signature_item name: (_) @name) @definition.function))
[
  (struct_item name: (_) @name body: (_)? @body)
  (union_item name: (_) @name body: (_) @body)
  (enum_item name: (_) @name body: (_) @body)
  (trait_item name: (_) @name body: (_) @body)
] @definition.class
(mod_item name: (_) @name body: (_) @body) @definition.module
(macro_definition name: (_) @name) @definition.macro

(source_file (type_item name: (_) @name) @definition.type)
(declaration_list (type_item name: (_) @name) @definition.type)
(associated_type name: (_) @name) @definition.type
(source_file (const_item name: (_) @name) @definition.constant)
(declaration_list (const_item name: (_) @name) @definition.constant)
(source_file (static_item name: (_) @name) @definition.variable)
(declaration_list (static_item name: (_) @name) @definition.variable)
(field_declaration name: (_) @name) @definition.field
(enum_variant name: (_) @name) @definition.constant

(mod_item name: (_) @path !body) @import
(extern_crate_declaration name: (_) @path alias: (_)? @alias) @import
(use_declaration argument: (identifier) @path) @import
(use_declaration argument: (scoped_identifier path: (_) @path name: (_) @imported)) @import
(use_declaration argument: (use_wildcard (_) @path)) @import
(use_declaration argument: (use_as_clause path: (identifier) @path alias: (_) @alias)) @import
(use_declaration argument: (use_as_clause
  path: (scoped_identifier path: (_) @path name: (_) @imported)
  alias: (_) @alias)) @import
(use_declaration argument: (scoped_use_list
  path: (_) @path
  list: (use_list [
    (identifier) @imported
    (scoped_identifier) @imported
    (self) @imported
    (use_as_clause path: (_) @imported alias: (_) @alias)
  ]))) @import
