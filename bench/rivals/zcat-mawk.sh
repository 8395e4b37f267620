# The shell's way: zcat and mawk, bytes by pair of addresses. Who held them, it doesn't ask.
#
#   sh zcat-mawk.sh HOUR OBJECT…     prints the sum of all pairs, then what `times` says
#
# An object's header line says which column is which.

hour=$1
shift
zcat "$@" | mawk -v hour="$hour" '
  /flow-direction/ {
    for (at = 1; at <= NF; at++) column[$at] = at
    direction = column["flow-direction"]; bytes = column["bytes"]; start = column["start"]
    source = column["pkt-srcaddr"]; destination = column["pkt-dstaddr"]
    action = "action" in column ? column["action"] : 0
    next
  }
  $direction == "egress" && $start >= hour && $start < hour + 3600 && (!action || $action != "REJECT") {
    sums[$source " " $destination] += $bytes
  }
  END {
    for (pair in sums) total += sums[pair]
    printf "%.0f\n", total
  }'
times
