-- The player of demonstrations
return {}
