# For the storage machine: the NFS server's image. Read by docker-data.sh with the folder "server".
docker load --input /run/given/server/image.tar
