# Completion of lvsctl. Made by `lvsctl completion fish`.
function __lvsctl_complete
    set -l typed (commandline -opc) (commandline -ct)
    set -l found ($typed[1] __complete $typed[2..-1] 2>/dev/null)
    if test "$found[1]" = :file
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c lvsctl -f -a '(__lvsctl_complete)'
