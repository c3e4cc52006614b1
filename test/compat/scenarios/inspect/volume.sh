# Volumes, every field.
try docker volume create v1
fields docker volume inspect v1
try docker volume create --label a=b --label c= w1
fields docker volume inspect v1 w1
try docker volume inspect missing
