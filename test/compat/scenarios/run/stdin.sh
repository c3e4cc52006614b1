# Standard input: piped, closed, absent.
printf 'one\ntwo\n' | try docker run --rm -i busybox sh -c 'read a; read b; echo $b $a'
echo ignored | try docker run --rm busybox cat
printf 'half' | try docker run --rm -i busybox sh -c 'cat; echo " then more"'
head -c 3000000 /dev/zero | docker run --rm -i busybox sh -c 'cat | wc -c'
docker run --rm busybox sh -c 'head -c 3000000 /dev/zero' | wc -c
