#!/usr/bin/env bash
# One part of a Flink cluster, in the foreground, from the jar of the job server (deploy/flink/job-server), which holds
# all of Flink; each in a terminal or a service of its own:
#
#   start.sh jobmanager
#   start.sh taskmanager               as many as there are machines, or more
#   start.sh workers [PORT]            on each machine of a TaskManager: what runs Depesche's own code (port 50000)
#   start.sh job-server                takes the jobs
#
# What follows jobmanager and taskmanager is Flink's (-Dkey=value), what follows job-server is Beam's.
# FLINK_JAR: the jar. FLINK_CONF: the folder of flink-conf.yaml (this one). PYTHON: the one that has Depesche.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
jar=${FLINK_JAR:-$here/../job-server/target/flink-job-server.jar}
conf=${FLINK_CONF:-$here}
part=${1:?jobmanager, taskmanager, workers or job-server}
shift

# What Flink reaches into on Java 17. The graph of a crawl is deeper than Java's default stack.
java=(java -Xss16m -Dorg.slf4j.simpleLogger.showDateTime=true "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS")
for package in lang lang.reflect net io nio text time util util.concurrent util.concurrent.atomic util.concurrent.locks; do
    java+=("--add-opens=java.base/java.$package=ALL-UNNAMED")
done
java+=(--add-opens=java.base/sun.nio.ch=ALL-UNNAMED)

case $part in
jobmanager)
    exec "${java[@]}" -Xmx512m -cp "$jar" \
        org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint --configDir "$conf" "$@"
    ;;
taskmanager)
    exec "${java[@]}" -Xmx640m -XX:MaxDirectMemorySize=512m -cp "$jar" \
        org.apache.flink.runtime.taskexecutor.TaskManagerRunner --configDir "$conf" "$@"
    ;;
workers)  # the pool calls `python`, whichever is first
    python=$(command -v "${PYTHON:-python}")
    PATH=$(dirname "$python"):$PATH exec "$python" "$here/workers.py" "${1:-50000}"
    ;;
job-server)
    exec "${java[@]}" -cp "$jar" org.apache.beam.runners.flink.FlinkJobServerDriver \
        --flink-master localhost:8081 --expansion-port -1 "$@"
    ;;
*)
    echo "start.sh: no part $part" >&2
    exit 2
    ;;
esac
