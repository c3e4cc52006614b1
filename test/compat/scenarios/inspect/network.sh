# The networks that are always there, every field.
fields docker network inspect bridge
fields docker network inspect host
fields docker network inspect none
try docker network inspect missing
