#!/bin/sh
# The programs that are copied out of the binary (Sources/CLinux/image.h): their sections refer to nothing outside of them, where a copy would
# jump into the void.
# usage: Tools/check-images.sh OBJECT…
set -eu
LC_ALL=C
export LC_ALL
failed=0
for object do
    if [ ! -e "$object" ]; then
        echo "check-images.sh: there is no $object" >&2
        failed=1
        continue
    fi
    # A relocation names its symbol by the upper half of its second column, a symbol its section by a number.
    { readelf -SW "$object"; readelf -sW "$object"; readelf -rW "$object"; } | awk -v object="$object" '
        function hex(digits, i, value) {
            for (i = 1; i <= length(digits); i++) value = value * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
            return value
        }
        /^ *\[ *[0-9]+\] / {
            line = $0; sub(/^ *\[ */, "", line); sub(/\]/, "", line); split(line, word, " ")
            section[word[1]] = word[2]
            if (word[2] ~ /^nssh_(hold|init|gate)$/) images++
        }
        /^ *[0-9]+: [0-9a-f]+ / { sub(/:/, "", $1); home[$1] = $7; name[$1] = $8 }
        /^Relocation section/ { image = ""; if ($3 ~ /^\047\.rela?nssh_(hold|init|gate)\047$/) { image = $3; gsub(/\047|\.rela?/, "", image) } }
        image != "" && $1 ~ /^[0-9a-f]+$/ && $3 ~ /^R_/ {
            symbol = hex(substr($2, 1, 8))
            if (section[home[symbol]] != image) {
                printf "%s: the image %s refers to %s (%s), which is not part of it\n", object, image, name[symbol] != "" ? name[symbol] : section[home[symbol]], $3
                failed = 1
            }
        }
        END {
            if (!images) { printf "%s: has no section nssh_hold, nssh_init or nssh_gate\n", object; failed = 1 }
            exit failed
        }' >&2 || failed=1
done
exit $failed
