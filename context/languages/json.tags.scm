; What files define and import: JSON.

(document (object (pair key: (string (string_content) @name)) @definition.field))
