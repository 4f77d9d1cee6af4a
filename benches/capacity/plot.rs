//! Bars as SVG, in colours that can be seen on light and dark pages.

use std::fmt::Write;

use crate::report::{Plot, figure};

const WIDTH: f64 = 640.0;
const ROW: f64 = 28.0;
const NAMES: f64 = 110.0;
const FIGURES: f64 = 90.0;

/// The bars of a plot, one below the other; those of laidian stand out.
pub fn svg(plot: &Plot) -> String {
    let most = plot.bars.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let height = ROW * plot.bars.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#7a8290\">\n"
    );
    for (place, (name, value)) in plot.bars.iter().enumerate() {
        let top = ROW * place as f64;
        let length = ((WIDTH - NAMES - FIGURES) * value / most).max(1.0);
        let colour = if name == "laidian" || name.starts_with(|first: char| first.is_ascii_digit()) {
            "#2f81c7"
        } else {
            "#a9b1bc"
        };
        let (text, bar, end) = (top + 18.0, top + 5.0, NAMES + length + 6.0);
        let _ = writeln!(svg, "  <text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{name}</text>", NAMES - 8.0);
        let _ =
            writeln!(svg, "  <rect x=\"{NAMES}\" y=\"{bar}\" width=\"{length:.1}\" height=\"18\" fill=\"{colour}\"/>");
        let _ = writeln!(svg, "  <text x=\"{end:.1}\" y=\"{text}\">{}{}</text>", figure(*value), plot.unit);
    }
    svg.push_str("</svg>\n");
    svg
}
