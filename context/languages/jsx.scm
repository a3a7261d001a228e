; Elements, in the grammars that know them.

(jsx_text) @opaque
