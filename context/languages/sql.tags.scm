; What files define and import: SQL.

[
  (create_table . (_)* . (object_reference name: (_) @name) (column_definitions)? @body)
  (create_view (object_reference name: (_) @name))
  (create_materialized_view (object_reference name: (_) @name))
] @definition.class
(column_definition name: (_) @name) @definition.field
(create_type (object_reference name: (_) @name)) @definition.type
(create_function . (_)* . (object_reference name: (_) @name) (function_body)? @body) @definition.function
(create_procedure (object_reference name: (_) @name)) @definition.function
