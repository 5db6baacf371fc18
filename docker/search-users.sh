#!/bin/bash
# Gives Kibana its password, and mediaindex a user of its own: the superuser `elastic` is for people. Runs at every start.
set -euo pipefail

# Passwords are passed on standard input, because arguments are visible in the process list.
ask() { # method, path, body
    printf 'user = "elastic:%s"\ndata = "%s"\n' "$ELASTIC_PASSWORD" "${3//\"/\\\"}" |
        curl --silent --show-error --fail --output /dev/null --config - --request "$1" \
            --header 'Content-Type: application/json' "http://elasticsearch:9200/_security/$2"
}

ask POST user/kibana_system/_password "{\"password\": \"$KIBANA_PASSWORD\"}"
# Indexes, aliases and templates of mediaindex, and the health of the cluster; nothing of other indexes.
rights='"indices": [{"names": ["mediaindex*"], "privileges": ["all"]}]'
ask PUT role/mediaindex "{\"cluster\": [\"monitor\", \"manage_index_templates\"], $rights}"
ask PUT user/mediaindex "{\"password\": \"$MEDIAINDEX_SEARCH_PASSWORD\", \"roles\": [\"mediaindex\"]}"
