//! Layers laid on each other: one text per key, and the place that decided it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::Profile;
use super::inputs::Inputs;
use super::key::Key;
use super::keys::KEYS;
use super::layer::{FILE_SUFFIX, Layer};
use super::problem::Problem;
use super::source::Source;

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "ashlar.toml";
/// No secret is longer; a device file would never end.
const LONGEST_SECRET: u64 = 64 * 1024;

/// One undigested value. It has no `Debug`: the text may be a secret.
pub(super) struct Setting {
    pub(super) text: String,
    pub(super) source: Source,
}

/// The undigested value of every key that has one.
pub(super) type Settings = BTreeMap<&'static str, Setting>;

/// Lays the layers on each other. A key with a problem is left out, so that it is reported once.
pub(super) fn resolve(inputs: &Inputs, problems: &mut Vec<Problem>) -> Settings {
    let flags = Layer::of_flags(&inputs.flags);
    let environment = Layer::of_environment(&inputs.environment, problems);
    let config = config_file(&[&flags, &environment], &inputs.folder);
    let file = read_file(&config, problems);
    let layers: Vec<&Layer> = [Some(&flags), Some(&environment), file.as_ref()].into_iter().flatten().collect();

    let mut settings = Settings::new();
    let mut profile = Profile::Embedded;
    for key in KEYS {
        let given = layers.iter().find_map(|layer| given(layer, key));
        let setting = match given {
            Some(Ok(setting)) => setting,
            Some(Err(problem)) => {
                problems.push(problem);
                continue;
            }
            None if key.name == "config" => default_config(&config, file.is_some()),
            None => match expand(key.default_text(profile), &settings) {
                Some(text) => Setting { text, source: Source::Default },
                None => continue,
            },
        };
        if key.name == "env" {
            profile = Profile::parse(&setting.text).unwrap_or(Profile::Embedded);
        }
        settings.insert(key.name, setting);
    }
    settings
}

/// What one layer says about a key, itself or by the file of a secret.
fn given(layer: &Layer, key: &Key) -> Option<Result<Setting, Problem>> {
    let file_name = format!("{}{FILE_SUFFIX}", key.name);
    let direct = layer.values.get(key.name);
    let by_file = layer.values.get(&file_name).filter(|_| key.secret);
    let setting = match (direct, by_file) {
        (None, None) => return None,
        (Some(_), Some(_)) => {
            let both =
                format!("{} and {} are both set; keep one", layer.place.spell(key.name), layer.place.spell(&file_name));
            Err(layer.problem(key.name, both))
        }
        (Some(Ok(text)), None) => Ok(Setting { text: text.clone(), source: layer.place.source(key.name) }),
        (None, Some(Ok(path))) => secret_in(Path::new(path))
            .map(|text| Setting { text, source: layer.place.secret_file_source(&file_name) })
            .map_err(|what| layer.problem(&file_name, format!("{path:?} {what}"))),
        (Some(Err(what)), None) => Err(layer.problem(key.name, what)),
        (None, Some(Err(what))) => Err(layer.problem(&file_name, what)),
    };
    Some(setting)
}

/// The content of a secret's file without the newline that editors put at its end.
fn secret_in(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(LONGEST_SECRET).read_to_string(&mut text))
        .map_err(|error| format!("cannot be read: {error}"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(text.to_owned())
}

/// The configuration file to read, and who named it.
struct ConfigFile {
    path: PathBuf,
    named_by: Option<Source>,
}

fn config_file(layers: &[&Layer], folder: &Path) -> ConfigFile {
    let named = layers.iter().find_map(|layer| {
        let path = layer.values.get("config")?.as_ref().ok()?;
        Some((PathBuf::from(path), layer.place.source("config")))
    });
    match named {
        Some((path, source)) => ConfigFile { path, named_by: Some(source) },
        None => ConfigFile { path: folder.join(DEFAULT_FILE), named_by: None },
    }
}

/// The layer of the file; nothing when there is none, or none that can be understood.
fn read_file(config: &ConfigFile, problems: &mut Vec<Problem>) -> Option<Layer> {
    let what = match fs::read_to_string(&config.path) {
        Ok(text) => match text.parse::<toml::Table>() {
            Ok(table) => return Some(Layer::of_file(config.path.clone(), table, problems)),
            Err(error) => format!("is not valid TOML: {}", one_line(&error, &text)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound && config.named_by.is_none() => {
            return None;
        }
        Err(error) => format!("cannot be read: {error}"),
    };
    problems.push(Problem {
        key: "config".to_owned(),
        source: config.named_by.clone().unwrap_or(Source::Default),
        value: Some(config.path.display().to_string()),
        what,
        accepted: String::new(),
    });
    None
}

/// A syntax error with its line, without quoting the line: it may hold a secret.
fn one_line(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let message = error.message().replace('\n', ", ");
    format!("line {line}: {message}")
}

fn default_config(config: &ConfigFile, found: bool) -> Setting {
    let text = if found { config.path.display().to_string() } else { String::new() };
    Setting { text, source: Source::Default }
}

/// A default with its placeholders replaced. `None` when what it stands on has a problem of its
/// own. The table lists every key after those that its default mentions.
fn expand(default: &str, settings: &Settings) -> Option<String> {
    let mut text = default.to_owned();
    if text.contains("<data_dir>") {
        let folder = &settings.get("data_dir")?.text;
        let folder = if text.starts_with("sqlite:") {
            // The path of a SQLite URL is percent-decoded, and ends at a question mark.
            folder.replace('%', "%25").replace('?', "%3F")
        } else {
            folder.clone()
        };
        text = text.replace("<data_dir>", &folder);
    }
    if text.contains("<listen>") {
        let listen = settings.get("listen")?.text.parse().ok()?;
        text = text.replace("<listen>", &reachable(listen).to_string());
    }
    if text.contains("<host>") {
        let url = url::Url::parse(&settings.get("public_url")?.text).ok()?;
        let host = url.domain().unwrap_or("localhost").to_owned();
        text = text.replace("<host>", &host);
    }
    if text.contains("<cores>") {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        text = text.replace("<cores>", &cores.to_string());
    }
    Some(text)
}

/// The address by which this machine reaches a listener: nobody can call 0.0.0.0 or [::].
pub(crate) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
