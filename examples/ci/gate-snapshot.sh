#!/bin/sh
# Judge a new snapshot before it is published.
#
#   gate-snapshot.sh SET FILE [OPTION…]
#
# OPTIONs are those of `estimates gate`, such as --store URL, --through TIME, --against REF. Without --store the store
# or service is that of ESTIMATES_STORE. Reports go to the folder GATE_REPORTS (default: gate-reports): gate.xml (JUnit),
# gate.md (Markdown), gate.html (a page), gate.json. In GitHub Actions it prints annotations and adds the Markdown to the
# job's summary.
#
# Exit code: 0 passes; 1 the gate blocks; 2 wrong usage or input; 3 not reachable, run it again; 4 damaged or failed.
set -u

if [ $# -lt 2 ]; then
    echo "usage: gate-snapshot.sh SET FILE [OPTION of estimates gate]..." >&2
    exit 2
fi
set_name=$1
file=$2
shift 2

reports=${GATE_REPORTS:-gate-reports}
mkdir -p "$reports" || exit 2
rm -f "$reports/gate.xml" "$reports/gate.md" "$reports/gate.html" "$reports/gate.json" # of a snapshot that was judged before

form=text
if [ "${GITHUB_ACTIONS:-}" = true ]; then
    form=github
fi

estimates gate "$set_name" --file "$file" --format "$form" \
    --write "junit=$reports/gate.xml" \
    --write "markdown=$reports/gate.md" \
    --write "html=$reports/gate.html" \
    --write "json=$reports/gate.json" \
    "$@"
code=$?

# Without an answer there must not be a report that could be taken for one; of a table that cannot be read gate.xml and
# gate.md say why.
if [ "$code" -gt 1 ]; then
    case $code in
        2) why="wrong usage or input" ;;
        3) why="the store or service could not be reached; run the job again" ;;
        *) why="it failed, or the store is damaged; somebody must look" ;;
    esac
    echo "not judged (exit code $code): $why" >&2
    if [ ! -e "$reports/gate.md" ]; then
        printf '### Not judged\n\nThe log says why.\n' >"$reports/gate.md"
        if [ "$form" = github ]; then
            echo "::error title=estimates gate::not judged (exit code $code): $why; the log says more"
        fi
    fi
    printf '\nExit code %s: %s.\n' "$code" "$why" >>"$reports/gate.md"
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    cat "$reports/gate.md" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
