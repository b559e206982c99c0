function __kernelsupctl_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kernelsupctl_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __kernelsupctl_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __kernelsupctl_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __kernelsupctl_parse_tokens -S
    set -l unparsed_tokens (__kernelsupctl_tokens -pc)
    switch $unparsed_tokens[1]
    case 'kernelsupctl'
        __kernelsupctl_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'call'
            __kernelsupctl_parse_subcommand -r 2 'out=+' 'timeout=' 'format=' 'idempotent' 'no-retry' 'no-key' 'socket-directory=' 'color=' 'version' 'h/help'
        case 'kernels'
            __kernelsupctl_parse_subcommand 1 'format=' 'socket-directory=' 'color=' 'version' 'h/help'
        case 'status'
            __kernelsupctl_parse_subcommand 1 'format=' 'socket-directory=' 'color=' 'version' 'h/help'
        case 'health'
            __kernelsupctl_parse_subcommand 0 'component=' 'format=' 'socket-directory=' 'color=' 'version' 'h/help'
        case 'explain'
            __kernelsupctl_parse_subcommand 1 'format=' 'socket-directory=' 'color=' 'version' 'h/help'
        case 'breaker'
            __kernelsupctl_parse_subcommand 1 'set=' 'format=' 'socket-directory=' 'color=' 'version' 'h/help'
        case 'ack'
            __kernelsupctl_parse_subcommand 1 'format=' 'socket-directory=' 'color=' 'version' 'h/help'
        case 'version'
            __kernelsupctl_parse_subcommand 0 'socket-directory=' 'color=' 'version' 'h/help'
        case 'help'
            __kernelsupctl_parse_subcommand -r 1 'version'
        end
    end
end

function __kernelsupctl_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __kernelsupctl_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __kernelsupctl_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __kernelsupctl_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__kernelsupctl_tokens -p)
    if test -z "$(__kernelsupctl_tokens -t)"
        set -l index (count (__kernelsupctl_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'kernelsupctl' -f
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl" version' -l 'version' -d 'Show the version.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl" -eq 1' -fa 'call' -d 'Call a kernel and print what it gives.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl" -eq 1' -fa 'kernels' -d 'List what can be called, with signature and documentation.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl" -eq 1' -fa 'status' -d 'Show the state that acts: the daemon, its kernels, what is wrong and what is next.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl" -eq 1' -fa 'health' -d 'Judge the service; usable as a monitoring plugin.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl" -eq 1' -fa 'explain' -d 'Explain a kernel, group or slot: why, what follows, what to do, its last words.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl" -eq 1' -fa 'breaker' -d 'Show a kernel\'s circuit breakers, or hold them open or closed.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl" -eq 1' -fa 'ack' -d 'Acknowledge the alert of a group that does not recover by itself.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl" -eq 1' -fa 'version' -d 'Show the version of this program and of the daemon that answers.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl call" -eq 1' -fka '(__kernelsupctl_custom_completion ---completion call -- positional@0 (count (__kernelsupctl_tokens -pc)) (__kernelsupctl_tokens -tC))'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl call" -ge 2' -fka '(__kernelsupctl_custom_completion ---completion call -- positional@1 (count (__kernelsupctl_tokens -pc)) (__kernelsupctl_tokens -tC))'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl call"' -l 'out' -d 'Write this output to a file (.npy; bytes as they are), or to standard output with -.' -rF
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl call" timeout' -l 'timeout' -d 'How long to wait: a number with us, ms, s, min or h.' -rfka ''
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl call" format' -l 'format' -d 'How to answer.' -rfka 'text json'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl call" idempotent' -l 'idempotent' -d 'Running the call twice does no harm: it may be tried again after a crash.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl call" no-retry' -l 'no-retry' -d 'One attempt and no more.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl call" no-key' -l 'no-key' -d 'Call also with content that has killed workers, and do not count what follows.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl call" socket-directory' -l 'socket-directory' -d 'Where the daemon\'s sockets are.' -rfa '(__kernelsupctl_complete_directories)'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl call" color' -l 'color' -d 'Colour in text; auto is for terminals, and respects NO_COLOR and TERM=dumb.' -rfka 'auto always never'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl call" version' -l 'version' -d 'Show the version.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl call" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl kernels" -eq 1' -fka '(__kernelsupctl_custom_completion ---completion kernels -- positional@0 (count (__kernelsupctl_tokens -pc)) (__kernelsupctl_tokens -tC))'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl kernels" format' -l 'format' -d 'How to answer.' -rfka 'text json'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl kernels" socket-directory' -l 'socket-directory' -d 'Where the daemon\'s sockets are.' -rfa '(__kernelsupctl_complete_directories)'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl kernels" color' -l 'color' -d 'Colour in text; auto is for terminals, and respects NO_COLOR and TERM=dumb.' -rfka 'auto always never'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl kernels" version' -l 'version' -d 'Show the version.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl kernels" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl status" -eq 1' -fka '(__kernelsupctl_custom_completion ---completion status -- positional@0 (count (__kernelsupctl_tokens -pc)) (__kernelsupctl_tokens -tC))'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl status" format' -l 'format' -d 'How to answer.' -rfka 'text json'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl status" socket-directory' -l 'socket-directory' -d 'Where the daemon\'s sockets are.' -rfa '(__kernelsupctl_complete_directories)'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl status" color' -l 'color' -d 'Colour in text; auto is for terminals, and respects NO_COLOR and TERM=dumb.' -rfka 'auto always never'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl status" version' -l 'version' -d 'Show the version.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl status" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl health" component' -l 'component' -d 'Judge this kernel, group or device alone.' -rfka '(__kernelsupctl_custom_completion ---completion health -- --component (count (__kernelsupctl_tokens -pc)) (__kernelsupctl_tokens -tC))'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl health" format' -l 'format' -d 'How to answer.' -rfka 'text json'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl health" socket-directory' -l 'socket-directory' -d 'Where the daemon\'s sockets are.' -rfa '(__kernelsupctl_complete_directories)'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl health" color' -l 'color' -d 'Colour in text; auto is for terminals, and respects NO_COLOR and TERM=dumb.' -rfka 'auto always never'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl health" version' -l 'version' -d 'Show the version.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl health" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl explain" -eq 1' -fka '(__kernelsupctl_custom_completion ---completion explain -- positional@0 (count (__kernelsupctl_tokens -pc)) (__kernelsupctl_tokens -tC))'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl explain" format' -l 'format' -d 'How to answer.' -rfka 'text json'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl explain" socket-directory' -l 'socket-directory' -d 'Where the daemon\'s sockets are.' -rfa '(__kernelsupctl_complete_directories)'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl explain" color' -l 'color' -d 'Colour in text; auto is for terminals, and respects NO_COLOR and TERM=dumb.' -rfka 'auto always never'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl explain" version' -l 'version' -d 'Show the version.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl explain" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl breaker" -eq 1' -fka '(__kernelsupctl_custom_completion ---completion breaker -- positional@0 (count (__kernelsupctl_tokens -pc)) (__kernelsupctl_tokens -tC))'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl breaker" set' -l 'set' -d 'Refuse every call (open), let every call pass (closed), let it pass and count what would have been refused (observe), or do as configured (auto).' -rfka 'open closed observe auto'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl breaker" format' -l 'format' -d 'How to answer.' -rfka 'text json'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl breaker" socket-directory' -l 'socket-directory' -d 'Where the daemon\'s sockets are.' -rfa '(__kernelsupctl_complete_directories)'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl breaker" color' -l 'color' -d 'Colour in text; auto is for terminals, and respects NO_COLOR and TERM=dumb.' -rfka 'auto always never'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl breaker" version' -l 'version' -d 'Show the version.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl breaker" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_positional "kernelsupctl ack" -eq 1' -fka '(__kernelsupctl_custom_completion ---completion ack -- positional@0 (count (__kernelsupctl_tokens -pc)) (__kernelsupctl_tokens -tC))'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl ack" format' -l 'format' -d 'How to answer.' -rfka 'text json'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl ack" socket-directory' -l 'socket-directory' -d 'Where the daemon\'s sockets are.' -rfa '(__kernelsupctl_complete_directories)'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl ack" color' -l 'color' -d 'Colour in text; auto is for terminals, and respects NO_COLOR and TERM=dumb.' -rfka 'auto always never'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl ack" version' -l 'version' -d 'Show the version.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl ack" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl version" socket-directory' -l 'socket-directory' -d 'Where the daemon\'s sockets are.' -rfa '(__kernelsupctl_complete_directories)'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl version" color' -l 'color' -d 'Colour in text; auto is for terminals, and respects NO_COLOR and TERM=dumb.' -rfka 'auto always never'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl version" version' -l 'version' -d 'Show the version.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl version" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'kernelsupctl' -n '__kernelsupctl_should_offer_completions_for_flags_or_options "kernelsupctl help" version' -l 'version' -d 'Show the version.'
