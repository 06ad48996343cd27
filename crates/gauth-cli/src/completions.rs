//! Completion scripts for bash, zsh and fish, made of the same table as the `--help` page.
//!
//! A value named FILE, DIR or COMMAND completes to paths; one named `a|b|c` to these words, except those in capitals, which
//! are placeholders. Other values come from the program ([`Program::values`]).

use argh::{FlagInfo, FlagInfoKind};

use crate::Program;
use crate::arguments::{COMMON, Grammar};
use crate::exit::Failure;
use crate::help::description;

/// What may be typed after an option, or as an argument.
pub enum Values {
    /// Anything.
    Text,
    /// The name of a file.
    Path,
    /// The name of a profile that exists when the completion is asked for.
    Profile,
    /// One of these words.
    OneOf(Vec<&'static str>),
    /// Some of these words, with commas between them.
    ListOf(Vec<&'static str>),
}

/// For a program whose `--help` shows all values.
pub fn no_values(_: &str) -> Values {
    Values::Text
}

/// As [`no_values`], with `--profile`.
pub fn profiles(name: &str) -> Values {
    if name == "--profile" { Values::Profile } else { Values::Text }
}

/// The folder of the profiles, for the shells that are like sh.
const PROFILES: &str = "${XDG_CONFIG_HOME:-$HOME/.config}/gauth/profiles";

/// The script for `shell`; an unknown shell is a usage error.
pub(crate) fn script(shell: &str, program: &Program, grammar: &Grammar) -> Result<String, Failure> {
    let options: Vec<&FlagInfo<'_>> =
        grammar.options.iter().copied().chain(COMMON).filter(|flag| !flag.hidden).collect();
    let arguments = grammar.positionals.first().map_or(Values::Text, |one| named(program, one.name, one.name));
    match shell {
        "bash" => Ok(bash(program, &options, &arguments)),
        "zsh" => Ok(zsh(program, &options, &arguments)),
        "fish" => Ok(fish(program, &options, &arguments)),
        _ => Err(Failure::usage("--completions: expected bash, zsh or fish")),
    }
}

/// The values of an option; `None` for a switch.
fn values(program: &Program, flag: &FlagInfo<'static>) -> Option<Values> {
    match flag.kind {
        FlagInfoKind::Switch => None,
        FlagInfoKind::Option { arg_name } => Some(named(program, flag.long, arg_name)),
    }
}

/// The values of an option or argument whose value `--help` calls `shown`.
fn named(program: &Program, name: &str, shown: &'static str) -> Values {
    let upper = shown.to_uppercase();
    match (program.values)(name) {
        Values::Text if ["FILE", "DIR", "COMMAND"].iter().any(|path| upper.contains(path)) => Values::Path,
        Values::Text if shown.contains('|') => {
            let is_literal = |word: &&str| !word.contains(|letter: char| letter.is_ascii_uppercase());
            Values::OneOf(shown.split('|').filter(is_literal).collect())
        }
        values => values,
    }
}

fn spellings(flag: &FlagInfo<'_>) -> Vec<String> {
    flag.short.map(|letter| format!("-{letter}")).into_iter().chain([flag.long.to_owned()]).collect()
}

fn bash(program: &Program, options: &[&FlagInfo<'static>], arguments: &Values) -> String {
    let name = program.name;
    let function = format!("_{}", name.replace('-', "_"));
    let mut cases = String::new();
    for flag in options {
        if let Some(values) = values(program, flag) {
            cases.push_str(&format!("    {}) {}; return ;;\n", spellings(flag).join("|"), bash_reply(&values)));
        }
    }
    let words: Vec<String> = options.iter().flat_map(|flag| spellings(flag)).collect();
    // In `--name=value` bash makes the equals sign a word of its own. Of a list the last part is completed, which a dash
    // may precede (`--sort -sessions`).
    format!(
        "{function}() {{\n  local word=\"${{COMP_WORDS[COMP_CWORD]}}\" option=\"${{COMP_WORDS[COMP_CWORD-1]}}\" head part\n  \
         if [ \"$word\" = = ]; then word=; elif [ \"$option\" = = ]; then option=\"${{COMP_WORDS[COMP_CWORD-2]}}\"; fi\n  \
         part=\"${{word##*,}}\"\n  part=\"${{part#-}}\"\n  head=\"${{word%\"$part\"}}\"\n  \
         case \"$option\" in\n{cases}  esac\n  \
         case \"$word\" in\n    -*) COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n    *) {} ;;\n  esac\n}}\n\
         complete -F {function} {name}\n",
        words.join(" "),
        bash_reply(arguments),
    )
}

fn bash_reply(values: &Values) -> String {
    match values {
        Values::Path => {
            "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$word\")".to_owned()
        }
        // In a subshell, since names of files are completed where they are.
        Values::Profile => format!(
            "mapfile -t COMPREPLY < <(cd \"{PROFILES}\" 2>/dev/null && compgen -f -X '!*.json' -- \"$word\"); \
             COMPREPLY=(\"${{COMPREPLY[@]%.json}}\")"
        ),
        Values::OneOf(words) => format!("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", words.join(" ")),
        Values::ListOf(words) => format!(
            "compopt -o nospace 2>/dev/null; COMPREPLY=($(compgen -P \"$head\" -W '{}' -- \"$part\"))",
            words.join(" ")
        ),
        Values::Text => "COMPREPLY=()".to_owned(),
    }
}

fn zsh(program: &Program, options: &[&FlagInfo<'static>], arguments: &Values) -> String {
    let mut script = format!(
        "#compdef {}\n_gauth_profiles() {{ compadd \"$@\" -- \"{PROFILES}\"/*.json(N:t:r) }}\n_arguments -s -S \\\n",
        program.name
    );
    for flag in options {
        let values = values(program, flag);
        let description: String = description(flag, program)
            .chars()
            .flat_map(|letter| match letter {
                '\'' => "'\\''".chars().collect::<Vec<_>>(),
                '[' | ']' | ':' | '\\' => vec!['\\', letter],
                _ => vec![letter],
            })
            .collect();
        for spelling in spellings(flag) {
            // The value may be attached: -fcsv, --format=csv.
            let (attached, value) = match &values {
                None => ("", String::new()),
                Some(values) => {
                    (if spelling.starts_with("--") { "=" } else { "+" }, format!(":value:{}", zsh_action(values)))
                }
            };
            script.push_str(&format!("  '*{spelling}{attached}[{description}]{value}' \\\n"));
        }
    }
    match arguments {
        // With an argument, zsh would complete no options.
        Values::Text => script.push('\n'),
        values => script.push_str(&format!("  '*:argument:{}'\n", zsh_action(values))),
    }
    script
}

fn zsh_action(values: &Values) -> String {
    match values {
        Values::Path => "_files".to_owned(),
        Values::Profile => "_gauth_profiles".to_owned(),
        Values::OneOf(words) => format!("({})", words.join(" ")),
        Values::ListOf(words) => format!("_values -s , name {}", words.join(" ")),
        Values::Text => " ".to_owned(),
    }
}

fn fish(program: &Program, options: &[&FlagInfo<'static>], arguments: &Values) -> String {
    let mut script = format!(
        "complete -c {}{}\n",
        program.name,
        match arguments {
            Values::Path => String::new(),
            values => format!(" -f{}", fish_words(values)),
        }
    );
    for flag in options {
        let short = flag.short.map_or_else(String::new, |letter| format!(" -s {letter}"));
        let value = match values(program, flag) {
            None => String::new(),
            Some(Values::Path) => " -r -F".to_owned(),
            Some(values) => format!(" -x{}", fish_words(&values)),
        };
        let description = description(flag, program).replace('\\', "\\\\").replace('\'', "\\'");
        script.push_str(&format!(
            "complete -c {}{short} -l {}{value} -d '{description}'\n",
            program.name,
            flag.long.trim_start_matches("--"),
        ));
    }
    script
}

fn fish_words(values: &Values) -> String {
    match values {
        Values::OneOf(words) => format!(" -a '{}'", words.join(" ")),
        Values::ListOf(words) => format!(" -a '(__fish_append , {})'", words.join(" ")),
        Values::Profile => {
            let folder = "set -q XDG_CONFIG_HOME; and set -l f $XDG_CONFIG_HOME; or set -l f ~/.config";
            let names = "set -l f $f/gauth/profiles/*.json; string match -r \"[^/]+(?=[.]json\\$)\" -- $f";
            format!(" -a '({folder}; {names})'")
        }
        Values::Path | Values::Text => String::new(),
    }
}
