//! One flag for every configuration key, made from the table of keys.

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::config::{Flags, KEYS, Key, Kind};

/// The configuration given on the command line.
#[derive(Clone, Default)]
pub struct ConfigFlags {
    /// The values by key, for [`Config::load`](crate::config::Config::load).
    pub flags: Flags,
}

impl Args for ConfigFlags {
    fn augment_args(command: Command) -> Command {
        command.args(KEYS.iter().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ConfigFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = |key: &'static Key| {
            let value = matches.get_one::<String>(key.name)?;
            Some((key.name, value.clone()))
        };
        let flags = KEYS.iter().filter_map(given).collect();
        Ok(Self { flags })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn flag(key: &'static Key) -> Arg {
    let arg = Arg::new(key.name)
        .long(key.flag)
        .value_name(key.kind.placeholder())
        .help(help(key))
        .help_heading(key.section)
        .hide_short_help(true)
        .global(true);
    if matches!(key.kind, Kind::Switch) {
        // `--demo` alone means `--demo=true`; a value needs the equals sign, lest the command be
        // taken for it.
        return arg.num_args(0..=1).require_equals(true).default_missing_value("true");
    }
    // Values are checked with the rest of the configuration, so that all problems come at once.
    arg
}

fn help(key: &Key) -> String {
    format!(
        "{}\nTakes {}.\n[default: {}] [environment: {}]",
        key.help,
        key.kind.accepts(),
        key.default_phrase(),
        key.variable
    )
}
