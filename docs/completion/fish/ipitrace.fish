# SPDX-License-Identifier: GPL-2.0-only
#
# fish completion of ipitrace, for a directory of $fish_complete_path. The program
# itself says what can stand where (--complete), so that it is always its own.
function __ipitrace_complete
    set -l words (commandline -opc) (commandline -ct)
    # As it was typed, which may be a path that begins at home.
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    for line in ($program --complete $words[2..-1] 2>/dev/null)
        if test "$line" = @file
            set -l at (commandline -ct)
            set -l option (string match -r -- '^--[^=]*=' $at)
            for file in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' $at))
                echo "$option$file"
            end
        else if test "$line" = @command
            __fish_complete_command
        else
            echo $line
        end
    end
end
complete -c ipitrace -f -a '(__ipitrace_complete)'
