# A long job that tells how far it is, by curl alone: sh conf/demo-job.sh [USER] [PORT]. web/demo-job.mjs says what goes where, and why.
# SPDX-License-Identifier: Apache-2.0
set -eu
user=${1:-anna}
base=http://127.0.0.1:${2:-${PORT:-8080}}/internal/queuetasks
job=shell-$$

case $user in *[!A-Za-z0-9_.-]*) echo "a user of letters, digits, _ . - please" >&2; exit 1 ;; esac

# publish PATH TYPE BODY
publish()
{
    curl -fsS -o /dev/null -X POST -H "Content-Type: $2" --data-binary "$3" "$base/$1"
}

# tell_state STEP TEXT STATE: what a page that comes later sees at once.
tell_state()
{
    done=$1
    [ "$done" -le 10 ] || done=10
    publish "topics/jobs/$user?key=$job&version=$1" application/json "{\"done\":$done,\"of\":10,\"text\":\"$2\",\"state\":\"$3\"}"
}

step=1
while [ $step -le 10 ]; do
    text="User '$user', attempt $step / 10"
    tell_state $step "$text" running
    publish "users/$user/messages" text/plain "$text"
    echo "$text"
    sleep 1
    step=$((step + 1))
done
text="User '$user' completed the task at: $(date '+%x %X')."
tell_state 11 "$text" done
printf '{"message":"Task completed","data":"%s"}\n' "$text"
