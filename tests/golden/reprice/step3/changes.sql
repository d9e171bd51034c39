update prices set amount = 99 where amount = 40
