#!/usr/bin/env bash
# Dataflow in three steps; each takes its values from the environment.
#
#   launch.sh check      translate the graph and check the options, offline
#   launch.sh build      build the image, and the template on $BUCKET
#   launch.sh run NAME   start a run of the template
#
# PROJECT, REGION, BUCKET (gs://…), IMAGE (a registry's path); INPUT, OUTPUT, STATE as of `ingest`.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
: "${PROJECT:?}" "${REGION:?}" "${BUCKET:?}" "${IMAGE:?}"

case "${1-}" in
check)
    exec "$root/run_local.sh" ingest --input "${INPUT:-$root/seeds/demo}" --output "${OUTPUT:-$root/out}" \
        --runner=DataflowRunner --dry_run=True --no_auth --sdk_location=container "--sdk_container_image=$IMAGE" \
        "--project=$PROJECT" "--region=$REGION" "--temp_location=$BUCKET/temp" "--staging_location=$BUCKET/staging"
    ;;
build)
    docker build -f "$root/deploy/container/Containerfile" --target dataflow -t "$IMAGE" "$root"
    docker push "$IMAGE"
    gcloud dataflow flex-template build "$BUCKET/templates/depesche.json" --project "$PROJECT" \
        --image "$IMAGE" --sdk-language PYTHON --metadata-file "$root/deploy/dataflow/metadata.json"
    ;;
run)
    : "${INPUT:?}" "${OUTPUT:?}"
    gcloud dataflow flex-template run "${2:?a name for the job}" --project "$PROJECT" --region "$REGION" \
        --template-file-gcs-location "$BUCKET/templates/depesche.json" --staging-location "$BUCKET/staging" \
        --parameters "input=$INPUT,output=$OUTPUT,run_id=$2${STATE:+,state=$STATE},sdk_container_image=$IMAGE"
    ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
