; What files define and import: C.

; Wherever they stand but in functions: at the top, behind conditions of the preprocessor, in namespaces.
(preproc_def name: (_) @name) @definition.macro
(preproc_function_def name: (_) @name) @definition.macro

(struct_specifier name: (_) @name body: (_) @body) @definition.class
(union_specifier name: (_) @name body: (_) @body) @definition.class
(enum_specifier name: (_) @name body: (_) @body) @definition.class
(enumerator name: (_) @name) @definition.constant
(type_definition declarator: [
  (type_identifier) @name
  (pointer_declarator (type_identifier) @name)
  (array_declarator (type_identifier) @name)
  (function_declarator (parenthesized_declarator (pointer_declarator (type_identifier) @name)))
]) @definition.type
(field_declaration declarator: [
  (field_identifier) @name
  (pointer_declarator (field_identifier) @name)
  (array_declarator (field_identifier) @name)
  (function_declarator (parenthesized_declarator (pointer_declarator (field_identifier) @name)))
]) @definition.field

(preproc_include path: [
  (string_literal (string_content) @path)
  (system_lib_string) @path
]) @import

(translation_unit (function_definition
  declarator: [
    (function_declarator declarator: (identifier) @name)
    (pointer_declarator (function_declarator declarator: (identifier) @name))
  ]
  body: (_) @body) @definition.function)
(translation_unit (declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (pointer_declarator (function_declarator declarator: (identifier) @name))
]) @definition.function)
(translation_unit (declaration declarator: [
  (identifier) @name
  (pointer_declarator (identifier) @name)
  (array_declarator . (identifier) @name)
  (init_declarator declarator: (identifier) @name)
  (init_declarator declarator: (pointer_declarator (identifier) @name))
  (init_declarator declarator: (array_declarator . (identifier) @name))
]) @definition.variable)

(preproc_if (function_definition
  declarator: [
    (function_declarator declarator: (identifier) @name)
    (pointer_declarator (function_declarator declarator: (identifier) @name))
  ]
  body: (_) @body) @definition.function)
(preproc_if (declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (pointer_declarator (function_declarator declarator: (identifier) @name))
]) @definition.function)
(preproc_if (declaration declarator: [
  (identifier) @name
  (pointer_declarator (identifier) @name)
  (array_declarator . (identifier) @name)
  (init_declarator declarator: (identifier) @name)
  (init_declarator declarator: (pointer_declarator (identifier) @name))
  (init_declarator declarator: (array_declarator . (identifier) @name))
]) @definition.variable)

(preproc_ifdef (function_definition
  declarator: [
    (function_declarator declarator: (identifier) @name)
    (pointer_declarator (function_declarator declarator: (identifier) @name))
  ]
  body: (_) @body) @definition.function)
(preproc_ifdef (declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (pointer_declarator (function_declarator declarator: (identifier) @name))
]) @definition.function)
(preproc_ifdef (declaration declarator: [
  (identifier) @name
  (pointer_declarator (identifier) @name)
  (array_declarator . (identifier) @name)
  (init_declarator declarator: (identifier) @name)
  (init_declarator declarator: (pointer_declarator (identifier) @name))
  (init_declarator declarator: (array_declarator . (identifier) @name))
]) @definition.variable)

(declaration_list (function_definition
  declarator: [
    (function_declarator declarator: (identifier) @name)
    (pointer_declarator (function_declarator declarator: (identifier) @name))
  ]
  body: (_) @body) @definition.function)
(declaration_list (declaration declarator: [
  (function_declarator declarator: (identifier) @name)
  (pointer_declarator (function_declarator declarator: (identifier) @name))
]) @definition.function)
(declaration_list (declaration declarator: [
  (identifier) @name
  (pointer_declarator (identifier) @name)
  (array_declarator . (identifier) @name)
  (init_declarator declarator: (identifier) @name)
  (init_declarator declarator: (pointer_declarator (identifier) @name))
  (init_declarator declarator: (array_declarator . (identifier) @name))
]) @definition.variable)
