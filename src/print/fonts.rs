//! The font of PDFs: the file that the configuration names, or one of the system's.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use krilla::Data;
use krilla::text::Font;
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::string::StringId;
use skrifa::{FontRef, GlyphId, MetadataProvider};

use super::PrintError;

/// How the names of files with Chinese fonts begin, without hyphens and capitals: the ones to be preferred first.
const PREFERRED: [&str; 5] = ["notosanscjk", "notosanssc", "sourcehansans", "wqymicrohei", "wqyzenhei"];
/// Where systems keep them.
const FOLDERS: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];
const HOME_FOLDERS: [&str; 2] = [".local/share/fonts", ".fonts"];
/// How deep is looked below a folder of fonts, which may have links into itself.
const DEEPEST: usize = 5;
/// No font is larger, bytes.
const LARGEST: u64 = 128 * 1024 * 1024;
/// What stands for characters that the font does not have.
const BOX: char = '□';
/// What a font has that can be used here.
const NEEDED: &str = "来电第页共客户，Aa0 □";

/// The font that PDFs are set with: found when it is first needed, then kept.
#[derive(Default)]
pub struct Fonts {
    chosen: PathBuf,
    face: OnceLock<Face>,
}

impl Fonts {
    /// Returns the font of this file, or one that is looked for when the path is empty.
    #[must_use]
    pub fn new(chosen: PathBuf) -> Self {
        Self { chosen, face: OnceLock::new() }
    }

    /// Returns the font. One that was not there is looked for again: it may have been installed.
    pub(super) fn face(&self) -> Result<&Face, PrintError> {
        if let Some(face) = self.face.get() {
            return Ok(face);
        }
        let face = if self.chosen.as_os_str().is_empty() {
            candidates(&folders()).iter().find_map(|path| Face::read(path).ok()).ok_or(PrintError::NoFont)?
        } else {
            Face::read(&self.chosen).map_err(|why| PrintError::Font { path: self.chosen.clone(), why })?
        };
        Ok(self.face.get_or_init(|| face))
    }
}

fn folders() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let in_home = home.iter().flat_map(|home| HOME_FOLDERS.map(|folder| home.join(folder)));
    FOLDERS.into_iter().map(PathBuf::from).chain(in_home).collect()
}

/// Returns the files whose names are those of Chinese fonts, the preferred first.
fn candidates(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        walk(folder, DEEPEST, &mut found);
    }
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// What is less is preferred: by its name, by whether it is the regular weight.
type Rank = (usize, bool);

fn walk(folder: &Path, deeper: usize, found: &mut Vec<(Rank, PathBuf)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            if deeper > 0 {
                walk(&path, deeper - 1, found);
            }
        } else if let Some(rank) = rank(&path) {
            found.push((rank, path));
        }
    }
}

fn rank(path: &Path) -> Option<Rank> {
    let ending = path.extension()?.to_str()?.to_lowercase();
    let name = path.file_stem()?.to_str()?.to_lowercase().replace(['-', '_', ' '], "");
    let preferred = PREFERRED.iter().position(|known| name.starts_with(known))?;
    matches!(ending.as_str(), "ttf" | "ttc" | "otf" | "otc").then(|| (preferred, !name.contains("regular")))
}

/// A font that can be used.
pub(super) struct Face {
    data: Data,
    index: u32,
    pub font: Font,
}

impl Face {
    fn read(path: &Path) -> Result<Self, String> {
        let file = fs::metadata(path).map_err(|cause| cause.to_string())?;
        // Not a device, which may have no end.
        if !file.is_file() || file.len() > LARGEST {
            return Err("不是字体文件 / it is no font".to_owned());
        }
        Self::parse(fs::read(path).map_err(|cause| cause.to_string())?)
    }

    pub(super) fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let index = simplified(&bytes).ok_or("不是字体文件 / it is no font")?;
        let data = Data::from(bytes);
        let font = Font::new(data.clone(), index).ok_or("文件已损坏 / it is broken")?;
        let face = Self { data, index, font };
        let metrics = face.metrics().ok_or("文件已损坏 / it is broken")?;
        match NEEDED.chars().find(|&needed| metrics.own(needed).is_none()) {
            Some(missing) => Err(format!("没有字符 {missing} / it has no {missing}")),
            None => Ok(face),
        }
    }

    /// Returns what is to be known of characters.
    pub(super) fn metrics(&self) -> Option<Metrics<'_>> {
        let font = FontRef::from_index(self.data.as_ref(), self.index).ok()?;
        let em = self.font.units_per_em();
        // What the format allows; what is written into a PDF is divided by it.
        (16.0..=16384.0).contains(&em).then(|| Metrics {
            characters: font.charmap(),
            glyphs: font.glyph_metrics(Size::unscaled(), LocationRef::default()),
            em,
        })
    }
}

/// Returns which font of a file has the Chinese forms of characters: collections have Japanese and others
/// beside them, and usually first.
fn simplified(bytes: &[u8]) -> Option<u32> {
    let fonts: Vec<_> =
        (0u32..).zip(FontRef::fonts(bytes)).filter_map(|(index, font)| Some((index, font.ok()?))).collect();
    let is_simplified = |font: &FontRef<'_>| {
        font.localized_strings(StringId::FAMILY_NAME).any(|name| {
            let name = name.to_string();
            name.ends_with(" SC") || name.ends_with(" CN")
        })
    };
    let simplified = fonts.iter().find(|(_, font)| is_simplified(font));
    simplified.or(fonts.first()).map(|(index, _)| *index)
}

/// Which glyph a character has and how wide it is.
pub(super) struct Metrics<'a> {
    characters: Charmap<'a>,
    glyphs: GlyphMetrics<'a>,
    em: f32,
}

impl Metrics<'_> {
    /// Returns a character's glyph and its width in ems; those of a box where the font has none.
    pub(super) fn glyph(&self, character: char) -> (u32, f32) {
        let character = match character {
            '\t' => ' ',
            // Some fonts have glyphs for these, with nothing to be seen.
            control if control.is_control() => BOX,
            other => other,
        };
        self.own(character).or_else(|| self.own(BOX)).unwrap_or_default()
    }

    fn own(&self, character: char) -> Option<(u32, f32)> {
        // A broken font may name glyphs that it has not.
        let glyph = self.characters.map(character).filter(|glyph| {
            *glyph != GlyphId::NOTDEF && glyph.to_u32() < self.glyphs.glyph_count().min(u32::from(u16::MAX))
        })?;
        let advance = self.glyphs.advance_width(glyph)? / self.em;
        advance.is_finite().then_some((glyph.to_u32(), advance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_regular_weight_of_the_preferred_font_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("opentype/noto");
        fs::create_dir_all(&deep).unwrap();
        for name in ["opentype/noto/NotoSansCJK-Bold.ttc", "opentype/noto/NotoSansCJK-Regular.ttc", "wqy-microhei.ttc"]
        {
            fs::write(folder.path().join(name), "").unwrap();
        }
        for name in ["DejaVuSans.ttf", "wqy-microhei.conf"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = candidates(&[folder.path().to_owned(), folder.path().join("none")]);
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "wqy-microhei.ttc"]);
    }

    #[test]
    fn a_file_that_is_no_font_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("font.ttf");
        for content in [
            &b""[..],
            b"font",
            &[0; 4096],
            b"\0\x01\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
            b"ttcf\0\x01\0\0\xff\xff\xff\xff",
        ] {
            fs::write(&path, content).unwrap();
            let refused = Fonts::new(path.clone()).face().err().unwrap();
            assert!(matches!(&refused, PrintError::Font { path: named, .. } if *named == path), "{refused}");
        }
        for path in [folder.path().join("none.ttf"), folder.path().to_owned(), "/dev/zero".into()] {
            assert!(matches!(Fonts::new(path).face().err(), Some(PrintError::Font { .. })));
        }
    }
}
