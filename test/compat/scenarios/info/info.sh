# info and version: what scripts read.
try docker info -f '{{.OSType}} {{.Driver}} {{.Containers}} {{.ContainersRunning}} {{.Images}} {{.LoggingDriver}} {{.CgroupDriver}} {{.CgroupVersion}} {{.NCPU}} {{.MemTotal}} {{.KernelVersion}} {{.OperatingSystem}} {{.OSVersion}} {{.Architecture}} {{.Name}} {{.Swarm.LocalNodeState}}'
try docker info -f '{{.MemoryLimit}} {{.SwapLimit}} {{.CPUCfsPeriod}} {{.CPUCfsQuota}} {{.CPUShares}} {{.CPUSet}} {{.PidsLimit}} {{.IPv4Forwarding}} {{.OomKillDisable}} {{.KernelMemory}}'
try docker info -f '{{json .SecurityOptions}} {{json .Plugins.Network}} {{json .Plugins.Volume}} {{json .Warnings}}'
try docker version -f '{{.Server.Os}} {{.Server.Arch}} {{.Server.KernelVersion}}'
