; What files define and import: TOML.

(document (pair . [(bare_key) (dotted_key) (quoted_key)] @name) @definition.field)
(table . "[" . (_) @name) @definition.module
(table_array_element . "[[" . (_) @name) @definition.module
