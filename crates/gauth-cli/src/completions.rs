//! Completion scripts for bash, zsh and fish, made of the same table as the `--help` page.
//!
//! A value named FILE or DIR completes to paths; one named `a|b|c` to these words.

use argh::{FlagInfo, FlagInfoKind};

use crate::Program;
use crate::arguments::{COMMON, Grammar};
use crate::exit::Failure;

/// The script for `shell`; an unknown shell is a usage error.
pub(crate) fn script(shell: &str, program: &Program, grammar: &Grammar) -> Result<String, Failure> {
    let options: Vec<&FlagInfo<'_>> =
        grammar.options.iter().copied().chain(&COMMON).filter(|flag| !flag.hidden).collect();
    match shell {
        "bash" => Ok(bash(program, &options)),
        "zsh" => Ok(zsh(program, &options)),
        "fish" => Ok(fish(program, &options)),
        _ => Err(Failure::usage("--completions: the shells are bash, zsh and fish")),
    }
}

/// What may stand after an option.
enum Value<'a> {
    None,
    Path,
    OneOf(Vec<&'a str>),
    Text,
}

fn value<'a>(flag: &FlagInfo<'a>) -> Value<'a> {
    match flag.kind {
        FlagInfoKind::Switch => Value::None,
        FlagInfoKind::Option { arg_name } if arg_name.contains("FILE") || arg_name == "DIR" => Value::Path,
        FlagInfoKind::Option { arg_name } if arg_name.contains('|') => Value::OneOf(arg_name.split('|').collect()),
        FlagInfoKind::Option { .. } => Value::Text,
    }
}

fn spellings(flag: &FlagInfo<'_>) -> Vec<String> {
    flag.short.map(|letter| format!("-{letter}")).into_iter().chain([flag.long.to_owned()]).collect()
}

fn bash(program: &Program, options: &[&FlagInfo<'_>]) -> String {
    let name = program.name;
    let function = format!("_{}", name.replace('-', "_"));
    let mut cases = String::new();
    for flag in options {
        let reply = match value(flag) {
            Value::None => continue,
            Value::Path => "COMPREPLY=($(compgen -f -- \"$word\"))".to_owned(),
            Value::OneOf(words) => format!("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", words.join(" ")),
            Value::Text => "COMPREPLY=()".to_owned(),
        };
        cases.push_str(&format!("    {}) {reply}; return ;;\n", spellings(flag).join("|")));
    }
    let words: Vec<String> = options.iter().flat_map(|flag| spellings(flag)).collect();
    format!(
        "{function}() {{\n  local word=\"${{COMP_WORDS[COMP_CWORD]}}\"\n  case \"${{COMP_WORDS[COMP_CWORD-1]}}\" in\n{cases}  esac\n  \
         case \"$word\" in\n    -*) COMPREPLY=($(compgen -W '{}' -- \"$word\")) ;;\n    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n  esac\n}}\n\
         complete -o filenames -F {function} {name}\n",
        words.join(" ")
    )
}

fn zsh(program: &Program, options: &[&FlagInfo<'_>]) -> String {
    let mut script = format!("#compdef {}\n_arguments -s -S \\\n", program.name);
    for flag in options {
        let value = match value(flag) {
            Value::None => String::new(),
            Value::Path => ":file:_files".to_owned(),
            Value::OneOf(words) => format!(":value:({})", words.join(" ")),
            Value::Text => ":value: ".to_owned(),
        };
        let description: String = flag
            .description
            .chars()
            .flat_map(|letter| match letter {
                '\'' => "'\\''".chars().collect::<Vec<_>>(),
                '[' | ']' | ':' | '\\' => vec!['\\', letter],
                _ => vec![letter],
            })
            .collect();
        for spelling in spellings(flag) {
            script.push_str(&format!("  '*{spelling}[{description}]{value}' \\\n"));
        }
    }
    script.push_str("  '*:argument:_files'\n");
    script
}

fn fish(program: &Program, options: &[&FlagInfo<'_>]) -> String {
    let mut script = String::new();
    for flag in options {
        let short = flag.short.map_or_else(String::new, |letter| format!(" -s {letter}"));
        let value = match value(flag) {
            Value::None => String::new(),
            Value::Path => " -r -F".to_owned(),
            Value::OneOf(words) => format!(" -x -a '{}'", words.join(" ")),
            Value::Text => " -x".to_owned(),
        };
        let description = flag.description.replace('\\', "\\\\").replace('\'', "\\'");
        script.push_str(&format!(
            "complete -c {}{short} -l {}{value} -d '{description}'\n",
            program.name,
            flag.long.trim_start_matches("--"),
        ));
    }
    script
}
