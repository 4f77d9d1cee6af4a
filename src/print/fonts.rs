//! The font of PDFs: the file that the configuration names, or one of the system's.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use subsetter::GlyphRemapper;

use super::PrintError;
use super::sfnt::{Advances, Characters, Font, Name, fonts};

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
            first(candidates(&folders()))?
        } else {
            face(self.chosen.clone())?
        };
        Ok(self.face.get_or_init(|| face))
    }
}

fn face(path: PathBuf) -> Result<Face, PrintError> {
    Face::read(&path).map_err(|why| PrintError::Font { path, why })
}

/// Returns the first that can be used; if none can, why the preferred one cannot.
fn first(candidates: Vec<PathBuf>) -> Result<Face, PrintError> {
    let mut refused = PrintError::NoFont;
    for path in candidates {
        match face(path) {
            Ok(face) => return Ok(face),
            Err(why) if refused == PrintError::NoFont => refused = why,
            Err(_) => {}
        }
    }
    Err(refused)
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
    file: Vec<u8>,
    index: u32,
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

    fn parse(file: Vec<u8>) -> Result<Self, String> {
        const BROKEN: &str = "文件已损坏 / it is broken";
        let font = simplified(&file).ok_or("不是字体文件 / it is no font")?;
        let metrics = Metrics::new(&font).ok_or(BROKEN)?;
        let mut glyphs = GlyphRemapper::new();
        for needed in NEEDED.chars() {
            let glyph = metrics.own(needed).ok_or_else(|| format!("没有字符 {needed} / it has no {needed}"))?;
            glyphs.remap(glyph.number);
        }
        // Better refused now than with each PDF.
        font.cut(&glyphs).map_err(|cause| match cause {
            subsetter::Error::UnknownKind => "没有轮廓 / it has no outlines",
            subsetter::Error::Unimplemented => {
                "不支持其轮廓格式（可变字体的 CFF2 等），请改用静态字体 / the format of its outlines is not supported, as \
                 CFF2 of variable fonts is not: use a static font"
            }
            _ => BROKEN,
        })?;
        let index = font.index;
        Ok(Self { file, index })
    }

    pub(super) fn font(&self) -> Option<Font<'_>> {
        fonts(&self.file).find(|font| font.index == self.index)
    }

    /// Returns what is to be known of characters.
    pub(super) fn metrics(&self) -> Option<Metrics<'_>> {
        Metrics::new(&self.font()?)
    }
}

/// Returns the font of a file that has the Chinese forms of characters: collections have Japanese and others
/// beside them, and usually first.
fn simplified(file: &[u8]) -> Option<Font<'_>> {
    let is_simplified =
        |font: &Font<'_>| font.names(Name::Family).iter().any(|name| name.ends_with(" SC") || name.ends_with(" CN"));
    fonts(file).find(is_simplified).or_else(|| fonts(file).next())
}

/// A glyph and what it shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    pub number: u16,
    /// How wide it is, in ems.
    pub advance: f32,
    pub character: char,
}

impl Default for Glyph {
    fn default() -> Self {
        Self { number: 0, advance: 0.0, character: BOX }
    }
}

/// Which glyph a character has and how wide it is.
pub(super) struct Metrics<'a> {
    characters: Characters<'a>,
    advances: Advances<'a>,
    em: f32,
}

impl<'a> Metrics<'a> {
    fn new(font: &Font<'a>) -> Option<Self> {
        Some(Self { characters: font.characters()?, advances: font.advances()?, em: font.em()? })
    }

    /// Returns a character's glyph, that of a box where the font has none.
    pub(super) fn glyph(&self, character: char) -> Glyph {
        let character = match character {
            '\t' => ' ',
            // Some fonts have glyphs for these, with nothing to be seen.
            control if control.is_control() => BOX,
            other => other,
        };
        self.own(character).or_else(|| self.own(BOX)).unwrap_or_default()
    }

    fn own(&self, character: char) -> Option<Glyph> {
        let number = self.characters.glyph(character).filter(|number| *number < u16::MAX)?;
        Some(Glyph { number, advance: self.advances.of(number)? / self.em, character })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sfnt::tests::{collection, every_character};
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
    #[test]
    fn the_simplified_font_of_a_collection_is_taken() {
        for (families, wanted) in [(["甲 JP", "甲 SC"], 1), (["乙 CN", "乙 SC"], 0), (["SC 丙", "丙 TC"], 0)] {
            assert_eq!(simplified(&collection(families)).map(|font| font.index), Some(wanted), "{families:?}");
        }
    }

    #[test]
    fn a_font_that_no_pdf_can_hold_is_refused_with_the_reason() {
        for (outlines, reason) in [(*b"CFF2", "CFF2"), (*b"EBDT", "没有轮廓"), (*b"CFF ", "已损坏")] {
            let refused = Face::parse(every_character(outlines)).err().unwrap();
            assert!(refused.contains(reason), "{refused}");
        }
    }

    #[test]
    fn of_fonts_that_cannot_be_used_the_preferred_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert_eq!(first(Vec::new()).err(), Some(PrintError::NoFont));
        fs::write(path("variable.otf"), every_character(*b"CFF2")).unwrap();
        let refused = first(vec![path("variable.otf"), path("none.ttf")]).err().unwrap();
        assert!(matches!(&refused, PrintError::Font { why, .. } if why.contains("CFF2")), "{refused}");
    }
}
