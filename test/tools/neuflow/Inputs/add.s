# c = a + b on neuflow-tiny: lines 1 and 2 bring planes to A1, line 3 takes the sum away.
.target neuflow-tiny
.load 64
.entry start
.segment text 512 472
.segment managed 131072 4096
.tensor in 1 2 2 3 8 3 6 131072 "a"
.tensor in 2 2 2 3 8 3 6 131104 "b"
.tensor out 3 2 2 3 8 4 8 131136 "c"
.text
start:
  configBurst select 3
  .pair tile.1.lines.config 0xffffff10
  .pair 0xffffffff 0
  configBurst select 3
  .pair tile.2.lines.config 0xffffff10
  .pair 0xffffffff 0
  configBurst select 3
  .pair tile.16.lines.config 0xfffff8ff
  .pair 0xffffff10 0
  configBurst select 3
  .pair tile.16.router.config 0xffffff98
  .pair 0xfffffff0 0
  configBurst select 3
  .pair tile.24.lines.config 0xfffff2ff
  .pair 0xffffffff 0
  configBurst select 3
  .pair tile.32.lines.config 0xfffff2ff
  .pair 0xffffffff 0
  configBurst select 3
  .pair tile.33.lines.config 0xfffff2ff
  .pair 0xffffffff 0
  configBurst select 3
  .pair tile.17.lines.config 0xfffff2ff
  .pair 0xffffffff 0
  configBurst select 3
  .pair tile.25.lines.config 0xfffff2ff
  .pair 0xffffffff 0
  configBurst select 2
  .pair tile.16.operator.config 0x03020004
  configBurst select 5
  .pair streamer.2.globals.config 0
  .pair 524288 10
  .pair 1 0
  configBurst select 5
  .pair streamer.3.globals.config 0
  .pair 524288 10
  .pair 1 0
  configBurst select 5
  .pair streamer.4.globals.config 0
  .pair 524288 10
  .pair 1 0
  configBurst select 6
  .pair streamer.2.locals.config 65536
  .pair 0 3
  .pair 4 1
  writeConfig select streamer.2.commands.activate
  configBurst select 6
  .pair streamer.3.locals.config 65552
  .pair 0 3
  .pair 4 1
  writeConfig select streamer.3.commands.activate
  configBurst select 8
  .pair streamer.4.locals.config 65568
  .pair 0 3
  .pair 4 0
  .pair 4 1
  writeConfig select streamer.4.commands.activate
  getStatus done 0
  term
