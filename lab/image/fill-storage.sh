# For the storage machine: the NFS server's image. Read by docker-data.sh with the folder "server".
for image in /run/given/server/*.tar; do docker load --input "$image"; done
