/**
 * Sixteen icons drawn for this project, because no freely licensed set has them in an emoji-like style: SVG bodies on a 64 by 64 view box.
 */
export const DRAWN_ICONS: Readonly<Record<string, string>> = {
  snowboard:
    "<g transform='rotate(-35 32 32)'><rect x='4' y='23' width='56' height='18' rx='9' fill='#2f7de1'/><rect x='4' y='23' width='14' height='18' rx='9' fill='#ffd23f'/><rect x='46' y='23' width='14' height='18' rx='9' fill='#ffd23f'/><rect x='19' y='21' width='6' height='22' rx='3' fill='#333'/><rect x='39' y='21' width='6' height='22' rx='3' fill='#333'/></g>",
  surfboard:
    "<g transform='rotate(20 32 32)'><path d='M32 2C46 16 46 44 36 61H28C18 44 18 16 32 2Z' fill='#fff3d6'/><path d='M32 2C46 16 46 44 36 61H32Z' fill='#ffe0a3'/><path d='M30.5 4h3v57h-3z' fill='#ff6b4a'/><path d='M21 30h22l.3 7H20.7z' fill='#1fb5c9'/></g>",
  fork: "<g transform='rotate(35 32 32)' fill='#b9c0c9'><path d='M23 3h4v16h3V3h4v16h3V3h4v19c0 6-3 8-6 9v28a3 3 0 0 1-6 0V31c-3-1-6-3-6-9z'/><path d='M32 30h3v29a3 3 0 0 1-3 3z' fill='#8f98a3'/></g>",
  "baseball-glove":
    "<path d='M14 58c-8-8-11-22-9-30 1-5 7-5 8 0l1 6 1-20c0-6 8-6 8 0l1 12 1-17c0-6 9-6 9 0v17l3-15c1-6 9-5 8 1l-2 22 4-6c4-5 11-1 9 5-4 12-8 22-16 27-7 3-20 3-26-2z' fill='#a5612c'/><path d='M24 26l1 12M34 26v12M42 30l-1 9' stroke='#6e3b16' stroke-width='2' fill='none'/><circle cx='31' cy='44' r='10' fill='#fafafa'/><path d='M24 38c4 3 4 9 0 12M38 38c-4 3-4 9 0 12' stroke='#e23b3b' stroke-width='1.6' fill='none'/>",
  "dining-table":
    "<ellipse cx='32' cy='22' rx='30' ry='9' fill='#b9783f'/><path d='M2 22v4c0 5 13 9 30 9s30-4 30-9v-4c0 5-13 9-30 9S2 27 2 22z' fill='#8a5527'/><path d='M9 31h5v27H9zM50 31h5v27h-5zM24 35h4v19h-4zM36 35h4v19h-4z' fill='#754519'/>",
  "fire-hydrant":
    "<path d='M20 58V24h24v34z' fill='#e0362c'/><path d='M18 24a14 14 0 0 1 28 0z' fill='#c32820'/><rect x='15' y='22' width='34' height='5' rx='2' fill='#f0574d'/><rect x='15' y='55' width='34' height='6' rx='2' fill='#a81f18'/><rect x='9' y='33' width='12' height='9' rx='2' fill='#c32820'/><rect x='43' y='33' width='12' height='9' rx='2' fill='#c32820'/><circle cx='32' cy='38' r='7' fill='#ffd34d'/><circle cx='32' cy='38' r='3' fill='#c98f12'/><rect x='29' y='5' width='6' height='6' fill='#ffd34d'/>",
  refrigerator:
    "<rect x='14' y='3' width='36' height='56' rx='4' fill='#cfd8e0'/><path d='M14 24h36v2H14z' fill='#8d99a6'/><rect x='19' y='11' width='3' height='9' rx='1' fill='#5d6a77'/><rect x='19' y='30' width='3' height='13' rx='1' fill='#5d6a77'/><path d='M44 3h2a4 4 0 0 1 4 4v48a4 4 0 0 1-4 4h-2z' fill='#b3bec9'/><rect x='17' y='59' width='6' height='3' fill='#444'/><rect x='41' y='59' width='6' height='3' fill='#444'/>",
  microwave:
    "<rect x='3' y='14' width='58' height='36' rx='4' fill='#58616c'/><rect x='8' y='19' width='34' height='26' rx='2' fill='#a6d8ef'/><path d='M8 40l20-21h8L12 45H8z' fill='#cfeaf7'/><rect x='46' y='19' width='11' height='7' rx='1' fill='#3ddc84'/><g fill='#dfe5ea'><circle cx='48' cy='31' r='2'/><circle cx='55' cy='31' r='2'/><circle cx='48' cy='38' r='2'/><circle cx='55' cy='38' r='2'/></g>",
  toaster:
    "<rect x='17' y='6' width='30' height='24' rx='6' fill='#e9b66b'/><rect x='20' y='9' width='24' height='20' rx='4' fill='#f7d9a0'/><rect x='8' y='22' width='48' height='34' rx='8' fill='#d64545'/><rect x='8' y='44' width='48' height='12' rx='6' fill='#b23333'/><rect x='54' y='30' width='7' height='5' rx='2' fill='#333'/><circle cx='20' cy='40' r='4' fill='#f5f5f5'/><rect x='14' y='56' width='8' height='4' fill='#333'/><rect x='42' y='56' width='8' height='4' fill='#333'/>",
  oven: "<rect x='6' y='4' width='52' height='56' rx='4' fill='#e6eaee'/><rect x='6' y='4' width='52' height='14' rx='4' fill='#59636e'/><g fill='#ff8a3d'><circle cx='14' cy='11' r='3.4'/><circle cx='26' cy='11' r='3.4'/><circle cx='38' cy='11' r='3.4'/><circle cx='50' cy='11' r='3.4'/></g><rect x='12' y='28' width='40' height='26' rx='3' fill='#2e3640'/><rect x='16' y='34' width='32' height='16' rx='2' fill='#ffb35c'/><rect x='12' y='22' width='40' height='3' rx='1.5' fill='#8c97a3'/>",
  sink: "<path d='M4 36h56c0 12-8 20-18 20H22C12 56 4 48 4 36z' fill='#dfe7ee'/><rect x='1' y='31' width='62' height='7' rx='3' fill='#b8c6d3'/><path d='M29 31V14c0-10 17-10 17 1v3h-6v-3c0-3-5-3-5 0v16z' fill='#7e8b98'/><rect x='20' y='25' width='6' height='6' fill='#7e8b98'/><path d='M43 20c2 3 3 5 0 7-3-2-2-4 0-7z' fill='#47b4ee'/><rect x='29' y='56' width='6' height='7' fill='#7e8b98'/>",
  bench:
    "<g fill='#a9672f'><rect x='4' y='14' width='56' height='7' rx='2'/><rect x='4' y='24' width='56' height='7' rx='2'/><rect x='2' y='36' width='60' height='7' rx='2'/></g><g fill='#3d434a'><rect x='9' y='11' width='5' height='48'/><rect x='50' y='11' width='5' height='48'/></g>",
  "tv-remote":
    "<rect x='20' y='2' width='24' height='60' rx='7' fill='#3b424b'/><circle cx='32' cy='10' r='3.5' fill='#ff4d4d'/><circle cx='32' cy='25' r='8' fill='#6b7683'/><circle cx='32' cy='25' r='3.4' fill='#cfd6de'/><g fill='#cfd6de'><circle cx='26' cy='40' r='2.4'/><circle cx='32' cy='40' r='2.4'/><circle cx='38' cy='40' r='2.4'/><circle cx='26' cy='47' r='2.4'/><circle cx='32' cy='47' r='2.4'/><circle cx='38' cy='47' r='2.4'/><circle cx='26' cy='54' r='2.4'/><circle cx='32' cy='54' r='2.4'/><circle cx='38' cy='54' r='2.4'/></g>",
  "hair-dryer":
    "<path d='M26 34h14l-4 26a3 3 0 0 1-3 2h-6a3 3 0 0 1-3-3z' fill='#7a3db8'/><path d='M4 12l18 4v20L4 40z' fill='#5a2b8c'/><circle cx='36' cy='25' r='18' fill='#9b59d6'/><rect x='18' y='14' width='18' height='23' fill='#9b59d6'/><circle cx='40' cy='25' r='8' fill='#d9c2f0'/><circle cx='40' cy='25' r='4' fill='#7a3db8'/>",
  "parking-meter":
    "<rect x='28' y='34' width='8' height='28' fill='#5d6873'/><rect x='20' y='58' width='24' height='5' rx='2' fill='#454e57'/><path d='M16 18a16 16 0 0 1 32 0v14a6 6 0 0 1-6 6H22a6 6 0 0 1-6-6z' fill='#8995a1'/><path d='M22 18a10 10 0 0 1 20 0v3H22z' fill='#dff2fb'/><path d='M32 21l5-8' stroke='#e23b3b' stroke-width='2'/><rect x='29' y='26' width='6' height='8' rx='1' fill='#39424b'/>",
  "baseball-bat":
    "<g transform='rotate(45 32 32)'><path d='M29 60h6l-1-20c5-8 5-30 2-37-1-3-7-3-8 0-3 7-3 29 2 37z' fill='#d9a25f'/><path d='M32 1c2 0 3 1 4 2 3 7 3 29-2 37l1 20h-3z' fill='#c08642'/><rect x='28' y='59' width='8' height='4' rx='2' fill='#8a5a24'/><rect x='29.4' y='46' width='5.2' height='13' fill='#4a4a4a'/></g>",
};
