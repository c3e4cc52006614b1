# No such thing: each command's words.
for command in start stop restart kill rm pause unpause logs top attach diff export wait port stats; do
  try docker $command missing
done
try docker exec missing true
try docker cp missing:/etc .
try docker commit missing image
try docker rename missing other
try docker update --cpus 1 missing
try docker inspect --type container missing
try docker inspect --type image missing
try docker inspect --type network missing
try docker inspect --type volume missing
try docker volume rm missing
try docker network rm missing
try docker network connect bridge missing
try docker rmi missing
try docker tag missing other
try docker history missing
try docker save missing
