select coalesce(bool_or(whole), false) as whole from redo
